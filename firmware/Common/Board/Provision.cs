using System;
using System.IO;

namespace ElderBand.Common.Board
{
    /// <summary>
    /// What makes this device one of its home: lines <c>name=value</c> in I:\provision.txt, written when the device is
    /// handed out (hardware/README.md). No secret is ever in the code. A formatted drive has lost the file: the device
    /// then says so with its light and does nothing else.
    /// </summary>
    public sealed class Provision
    {
        private const string Path = "I:\\provision.txt";
        private readonly string[] _lines;

        /// <summary>Reads the file; without one every value is missing.</summary>
        public Provision()
        {
            try
            {
                _lines = File.Exists(Path) ? File.ReadAllText(Path).Split('\n') : new string[0];
            }
            catch (Exception)
            {
                _lines = new string[0];
            }
        }

        /// <summary>The value, or null.</summary>
        public string Text(string name)
        {
            string start = name + "=";
            foreach (string line in _lines)
            {
                if (line.Length > start.Length && line.Substring(0, start.Length) == start)
                {
                    return line.Substring(start.Length).Trim();
                }
            }

            return null;
        }

        /// <summary>The value as a number; <paramref name="missing"/> where there is none.</summary>
        public int Number(string name, int missing)
        {
            string text = Text(name);
            return text != null && int.TryParse(text, out int value) ? value : missing;
        }

        /// <summary>The value as bytes from hexadecimal digits; null where it is missing or not <paramref name="count"/> bytes.</summary>
        public byte[] Bytes(string name, int count)
        {
            string text = Text(name);
            if (text == null || text.Length != 2 * count)
            {
                return null;
            }

            byte[] bytes = new byte[count];
            for (int i = 0; i < count; i++)
            {
                int high = Digit(text[2 * i]);
                int low = Digit(text[(2 * i) + 1]);
                if (high < 0 || low < 0)
                {
                    return null;
                }

                bytes[i] = (byte)((high << 4) | low);
            }

            return bytes;
        }

        private static int Digit(char c)
        {
            return c >= '0' && c <= '9' ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                : -1;
        }
    }
}
