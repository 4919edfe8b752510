using System;

namespace ElderBand.BandProtocol
{
    /// <summary>
    /// What is wrong with a provision. The value is the number of flashes that the device's light shows, and the code
    /// in docs/operations.md.
    /// </summary>
    public enum ProvisionFault : byte
    {
        /// <summary>Nothing.</summary>
        None = 0,

        /// <summary>
        /// There is no file and no copy of one, or none can be read. A drive that was formatted at start looks the
        /// same.
        /// </summary>
        NoFile = 1,

        /// <summary>A line is not <c>name=value</c>, or its name is none of this device's.</summary>
        BadLine = 2,

        /// <summary>Two lines have the same name.</summary>
        DoubledLine = 3,

        /// <summary>A line that the device needs is not there.</summary>
        MissingLine = 4,

        /// <summary>A value is empty, no number in its range, or not the base64 of so many bytes.</summary>
        BadValue = 5,

        /// <summary>A hub without the centre's certificate authority.</summary>
        NoAuthority = 6,

        /// <summary>The files are longer than the device can keep.</summary>
        TooLong = 7,
    }

    /// <summary>
    /// The text that makes a device one of its home: lines <c>name=value</c>. Empty lines and lines that begin with #
    /// say nothing. The first fault is kept with its place; what is read after it may be null or 0 and must not be
    /// used.
    /// </summary>
    public sealed class ProvisionFile
    {
        /// <summary>Name of the file that a person copies onto the device.</summary>
        public const string Name = "provision.txt";

        private readonly string[] _names;
        private readonly string[] _values;

        /// <summary>Reads the lines.</summary>
        /// <param name="text">The file, null where there is none.</param>
        /// <param name="names">Every name that this device knows.</param>
        public ProvisionFile(string text, string[] names)
        {
            _names = names;
            _values = new string[names.Length];
            if (text == null)
            {
                Refuse(ProvisionFault.NoFile, "no file");
                return;
            }

            // Editors on Windows put a byte order mark in front and end lines with CR LF.
            string[] lines = text.TrimStart('\uFEFF').Split('\n');
            for (int i = 0; i < lines.Length; i++)
            {
                ReadLine(lines[i].Trim(), "line " + (i + 1).ToString());
            }
        }

        /// <summary>The first thing that is wrong.</summary>
        public ProvisionFault Fault { get; private set; }

        /// <summary>The line or the name of the first fault, for the cable; empty without a fault.</summary>
        public string Where { get; private set; } = "";

        /// <summary>A text that must be there.</summary>
        /// <param name="name">One of the names.</param>
        /// <param name="mayBeEmpty">True where an empty value means something: a network without a password.</param>
        public string Text(string name, bool mayBeEmpty = false)
        {
            string value = _values[IndexOf(name)];
            if (value == null)
            {
                Refuse(ProvisionFault.MissingLine, name);
            }
            else if (value.Length == 0 && !mayBeEmpty)
            {
                Refuse(ProvisionFault.BadValue, name);
            }

            return value;
        }

        /// <summary>A whole number that must be there, from <paramref name="min"/> to <paramref name="max"/>.</summary>
        public long Number(string name, long min, long max)
        {
            string text = Text(name);
            if (Fault != ProvisionFault.None)
            {
                return 0;
            }

            if (!IsNumber(text) || !long.TryParse(text, out long value) || value < min || value > max)
            {
                Refuse(ProvisionFault.BadValue, name);
                return 0;
            }

            return value;
        }

        /// <summary>A whole number that may be missing; <paramref name="missing"/> then.</summary>
        public long Number(string name, long min, long max, long missing)
        {
            return _values[IndexOf(name)] == null ? missing : Number(name, min, max);
        }

        /// <summary>Exactly <paramref name="count"/> bytes in base64, as the enrolment writes them.</summary>
        public byte[] Bytes(string name, int count)
        {
            string text = Text(name);
            if (Fault != ProvisionFault.None)
            {
                return null;
            }

            byte[] bytes;
            try
            {
                bytes = Convert.FromBase64String(text);
            }
            catch (Exception)
            {
                bytes = null; // no base64: the same fault as a wrong length
            }

            if (bytes != null && bytes.Length == count)
            {
                return bytes;
            }

            Refuse(ProvisionFault.BadValue, name);
            return null;
        }

        /// <summary>Keeps a fault, unless there is one already.</summary>
        public void Refuse(ProvisionFault fault, string where)
        {
            if (Fault == ProvisionFault.None)
            {
                Fault = fault;
                Where = where;
            }
        }

        /// <summary>Replaces the fault found so far by a fault that explains it.</summary>
        public void Overrule(ProvisionFault fault, string where)
        {
            Fault = fault;
            Where = where;
        }

        private static bool IsNumber(string text)
        {
            foreach (char c in text)
            {
                if (c < '0' || c > '9')
                {
                    return false;
                }
            }

            return text.Length > 0 && text.Length < 19;
        }

        private void ReadLine(string line, string where)
        {
            if (line.Length == 0 || line[0] == '#')
            {
                return;
            }

            int equals = line.IndexOf('=');
            int index = equals < 0 ? -1 : IndexOf(line.Substring(0, equals).Trim());
            if (index < 0)
            {
                Refuse(ProvisionFault.BadLine, where);
            }
            else if (_values[index] != null)
            {
                Refuse(ProvisionFault.DoubledLine, where);
            }
            else
            {
                _values[index] = line.Substring(equals + 1).Trim();
            }
        }

        private int IndexOf(string name)
        {
            for (int i = 0; i < _names.Length; i++)
            {
                if (_names[i] == name)
                {
                    return i;
                }
            }

            return -1;
        }
    }

    /// <summary>Shows a number with one light: so many short flashes, then a pause.</summary>
    public static class FlashCode
    {
        /// <summary>From one flash to the next, and how often the light must be looked at, milliseconds.</summary>
        public const int FlashMs = 600;

        private const int LitMs = 200;
        private const int PauseMs = 1800;

        /// <summary>True while the light is lit.</summary>
        /// <param name="flashes">The number, 1 or more.</param>
        /// <param name="ms">Milliseconds since the first flash began.</param>
        public static bool IsLit(int flashes, long ms)
        {
            long inPeriod = ms % ((flashes * FlashMs) + PauseMs);
            return inPeriod < flashes * FlashMs && inPeriod % FlashMs < LitMs;
        }
    }
}
