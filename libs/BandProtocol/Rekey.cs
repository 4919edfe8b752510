namespace ElderBand.BandProtocol
{
    /// <summary>
    /// A change of a band's secret (docs/adr/0097). The centre sends a nonce in three frames; band and centre make the
    /// new secret from the old one and the nonce. Who knows the old secret, but has not heard all three frames, cannot.
    /// </summary>
    public static class Rekey
    {
        /// <summary>Frames that carry the nonce.</summary>
        public const int Parts = 3;

        /// <summary>Bytes of the nonce.</summary>
        public const int NonceBytes = Parts * Frame.PayloadSize;

        private const byte Label = 6;
        private const int NonceAt = 10;

        /// <summary>Writes one part of the nonce, without tags.</summary>
        /// <param name="frame">20 bytes.</param>
        /// <param name="epoch">Changes of the secret, this one included: 1 to 0xFFFFFF.</param>
        /// <param name="part">0 to 2.</param>
        /// <param name="nonce">18 bytes.</param>
        public static void Put(byte[] frame, int epoch, int part, byte[] nonce)
        {
            Frame.Begin(frame, FrameType.Rekey, Lane.Alarm, epoch, part);
            Bytes.Copy(nonce, part * Frame.PayloadSize, frame, Frame.PayloadOffset, Frame.PayloadSize);
        }

        /// <summary>The secret of an epoch, from the secret of the epoch before.</summary>
        /// <param name="mac">HMAC-SHA256.</param>
        /// <param name="secret">The secret before, 32 bytes.</param>
        /// <param name="epoch">The epoch of the new secret, 1 to 0xFFFFFF.</param>
        /// <param name="nonce">18 bytes.</param>
        /// <param name="next">Takes the new secret, 32 bytes.</param>
        public static void NextSecret(IMac mac, byte[] secret, int epoch, byte[] nonce, byte[] next)
        {
            byte[] message = new byte[NonceAt + NonceBytes];
            BandKeys.PutLabel(message, Label, (uint)epoch, 0);
            Bytes.Copy(nonce, 0, message, NonceAt, NonceBytes);
            mac.HmacSha256(secret, message, message.Length, next);
        }
    }
}
