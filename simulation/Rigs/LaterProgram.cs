namespace ElderBand.Simulation;

/// <summary>Messages that a later program may write with today's version number (docs/adr/0096).</summary>
public static class LaterProgram
{
    private const int MoreInAnEntry = 3;
    private const int MoreAtTheEnd = 5;
    private const byte Unknown = 0xEE;

    /// <summary>The message with three unknown bytes added to each entry and five after the last entry.</summary>
    /// <param name="message">A message of today.</param>
    /// <param name="countAt">Offset of the number of entries. The next byte holds the size of an entry. -1: the message
    /// has no entries.</param>
    public static byte[] Write(byte[] message, int countAt = -1)
    {
        List<byte> later = [.. message];
        if (countAt >= 0)
        {
            var size = message[countAt + 1];
            later = [.. message[..(countAt + 1)], (byte)(size + MoreInAnEntry)];
            for (var i = 0; i < message[countAt]; i++)
            {
                later.AddRange(message.AsSpan(countAt + 2 + (i * size), size));
                later.AddRange(Enumerable.Repeat(Unknown, MoreInAnEntry));
            }
        }

        return [.. later, .. Enumerable.Repeat(Unknown, MoreAtTheEnd)];
    }

    /// <summary>The message with the next higher version number.</summary>
    public static byte[] NextVersion(byte[] message) => [(byte)(message[0] + 1), .. message[1..]];
}
