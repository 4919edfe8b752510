namespace ElderBand.BandProtocol
{
    /// <summary>Payloads of 6 bytes at <see cref="Frame.PayloadOffset"/>; offsets inside are relative to it.</summary>
    public static partial class Payload
    {
        private const int P = Frame.PayloadOffset;
    }
}
