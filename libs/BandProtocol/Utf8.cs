namespace ElderBand.BandProtocol
{
    /// <summary>Reads UTF-8 (RFC 3629): the name of a Wi-Fi network may be Chinese.</summary>
    public static class Utf8
    {
        private const char Unknown = '\uFFFD';

        /// <summary>Returns the text of these bytes. A byte that is no UTF-8 becomes U+FFFD.</summary>
        public static string Text(byte[] data, int offset, int count)
        {
            char[] text = new char[count];
            int length = 0;
            int end = offset + count;
            for (int at = offset; at < end;)
            {
                int first = data[at++];
                int more = first < 0x80 ? 0
                    : first < 0xC2 || first > 0xF4 ? -1
                    : first < 0xE0 ? 1
                    : first < 0xF0 ? 2
                    : 3;
                int code = more <= 0 ? first : first & (0x3F >> more);
                int last = at + more;
                while (at < last && at < end && (data[at] & 0xC0) == 0x80)
                {
                    code = (code << 6) | (data[at++] & 0x3F);
                }

                if (more < 0 || at != last)
                {
                    text[length++] = Unknown;
                }
                else if (code < 0x10000)
                {
                    text[length++] = (char)code;
                }
                else
                {
                    text[length++] = (char)(0xD7C0 + (code >> 10));
                    text[length++] = (char)(0xDC00 + (code & 0x3FF));
                }
            }

            return new string(text, 0, length);
        }
    }
}
