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
        public long Number(string name, long missing)
        {
            string text = Text(name);
            return text != null && long.TryParse(text, out long value) ? value : missing;
        }

        /// <summary>The value as bytes from base64, as the enrolment writes it; null where it is missing or not <paramref name="count"/> bytes.</summary>
        public byte[] Bytes(string name, int count)
        {
            string text = Text(name);
            if (text == null)
            {
                return null;
            }

            try
            {
                byte[] bytes = Convert.FromBase64String(text);
                return bytes.Length == count ? bytes : null;
            }
            catch (Exception)
            {
                return null;
            }
        }
    }
}
