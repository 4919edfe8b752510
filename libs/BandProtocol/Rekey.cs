namespace ElderBand.BandProtocol
{
    /// <summary>
    /// A change of a band's secret (docs/adr/0097). The centre sends a nonce in three frames. Band and centre make the
    /// new secret from the old one and the nonce. A stranger who knows the old secret and has not heard all three
    /// frames cannot make the new one.
    /// </summary>
    public static class Rekey
    {
        /// <summary>Number of frames that carry the nonce.</summary>
        public const int Parts = 3;

        /// <summary>Length of the nonce, bytes.</summary>
        public const int NonceBytes = Parts * Frame.PayloadSize;

        private const byte Label = 6;
        private const int NonceAt = 10;

        /// <summary>Writes one part of the nonce, without tags.</summary>
        /// <param name="frame">Gets the frame, 20 bytes.</param>
        /// <param name="epoch">Number of changes of the secret, this one included: 1 to 0xFFFFFF.</param>
        /// <param name="part">Index of the part, 0 to 2.</param>
        /// <param name="nonce">18 bytes.</param>
        public static void Put(byte[] frame, int epoch, int part, byte[] nonce)
        {
            Frame.Begin(frame, FrameType.Rekey, Lane.Alarm, epoch, part);
            Bytes.Copy(nonce, part * Frame.PayloadSize, frame, Frame.PayloadOffset, Frame.PayloadSize);
        }

        /// <summary>Makes the secret of an epoch from the secret of the epoch before.</summary>
        /// <param name="mac">HMAC-SHA256.</param>
        /// <param name="secret">The previous secret, 32 bytes.</param>
        /// <param name="epoch">The epoch of the new secret, 1 to 0xFFFFFF.</param>
        /// <param name="nonce">18 bytes.</param>
        /// <param name="next">Gets the new secret, 32 bytes.</param>
        public static void NextSecret(IMac mac, byte[] secret, int epoch, byte[] nonce, byte[] next)
        {
            byte[] message = new byte[NonceAt + NonceBytes];
            BandKeys.PutLabel(message, Label, (uint)epoch, 0);
            Bytes.Copy(nonce, 0, message, NonceAt, NonceBytes);
            mac.HmacSha256(secret, message, message.Length, next);
        }
    }
}
