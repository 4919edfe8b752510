namespace ElderBand.BandProtocol
{
    /// <summary>
    /// The five keys that come from one band secret. Direction and reach are in the label, so a tag made for one
    /// purpose is never good for another. The link keys also depend on (link group, epoch): those of an old hub are
    /// worthless after the epoch has risen (docs/adr/0002). The air key does not, so every frame can be read whatever
    /// the epoch (docs/adr/0095). A hub gets the link keys and the air key, from the centre.
    /// </summary>
    public sealed class BandKeys
    {
        /// <summary>Bytes in the secret and in a key that only band and centre have.</summary>
        public const int Size = 32;

        /// <summary>Bytes in a key that hubs have too.</summary>
        public const int HubSize = 16;

        private const byte CentreUpLabel = 1;
        private const byte CentreDownLabel = 2;
        private const byte LinkUpLabel = 3;
        private const byte LinkDownLabel = 4;
        private const byte AirLabel = 5;

        /// <summary>Band to centre.</summary>
        public readonly byte[] CentreUp = new byte[Size];

        /// <summary>Centre to band.</summary>
        public readonly byte[] CentreDown = new byte[Size];

        /// <summary>Band to hub.</summary>
        public readonly byte[] LinkUp = new byte[HubSize];

        /// <summary>Hub to band.</summary>
        public readonly byte[] LinkDown = new byte[HubSize];

        /// <summary>Seals type and payload on the air, both ways.</summary>
        public readonly byte[] Air = new byte[HubSize];

        private readonly byte[] _digest = new byte[Size];

        /// <summary>Derives all five.</summary>
        /// <param name="mac">HMAC-SHA256.</param>
        /// <param name="secret">32 random bytes from the band's QR code.</param>
        /// <param name="group">The home.</param>
        /// <param name="epoch">Rises when a hub of the home is replaced, 0-65535.</param>
        public void Derive(IMac mac, byte[] secret, uint group, int epoch)
        {
            DeriveOne(mac, secret, CentreUpLabel, 0, 0, CentreUp);
            DeriveOne(mac, secret, CentreDownLabel, 0, 0, CentreDown);
            DeriveOne(mac, secret, AirLabel, 0, 0, Air);
            DeriveLink(mac, secret, group, epoch);
        }

        /// <summary>
        /// Derives the two link keys again, after the centre has moved the band to another group or epoch.
        /// </summary>
        public void DeriveLink(IMac mac, byte[] secret, uint group, int epoch)
        {
            DeriveOne(mac, secret, LinkUpLabel, group, epoch, LinkUp);
            DeriveOne(mac, secret, LinkDownLabel, group, epoch, LinkDown);
        }

        /// <summary>Writes the first 10 bytes of the message from which a key or the next secret is derived.</summary>
        public static void PutLabel(byte[] message, byte label, uint group, int epoch)
        {
            message[0] = (byte)'E';
            message[1] = (byte)'B';
            message[2] = (byte)'1';
            message[3] = label;
            Bytes.PutU32(message, 4, group);
            Bytes.PutU16(message, 8, epoch);
        }

        private void DeriveOne(IMac mac, byte[] secret, byte label, uint group, int epoch, byte[] key)
        {
            // "EB1", label, group, epoch: one short message a key (NIST SP 800-108, counter mode with one block).
            byte[] message = new byte[10];
            PutLabel(message, label, group, epoch);
            mac.HmacSha256(secret, message, message.Length, _digest);
            Bytes.Copy(_digest, 0, key, 0, key.Length);
        }
    }

    /// <summary>
    /// Makes and checks tags, and seals frames. A tag is the first 4 bytes of HMAC-SHA256 over all bytes before it. One
    /// instance per thread; holds the only scratch memory.
    /// </summary>
    public sealed class Tagger
    {
        private const int NonceBytes = 15;
        private const byte UpLabel = 1;
        private const byte DownLabel = 2;
        private const byte ClearBits = 0xE0; // version and lane
        private const byte TypeBits = 0x1F;

        private readonly IMac _mac;
        private readonly byte[] _digest = new byte[32];
        private readonly byte[] _scratch = new byte[Frame.Size];
        private readonly byte[] _nonce = new byte[NonceBytes];

        /// <summary>Makes a tagger.</summary>
        public Tagger(IMac mac)
        {
            _mac = mac;
        }

        /// <summary>
        /// Writes the centre tag (bytes 12-15) and the four bytes of the digest that follow it. In a frame from a band
        /// the link tag replaces those four. In a frame of the centre they stay, and nobody checks them: they make the
        /// keystream of each frame its own (docs/adr/0095).
        /// </summary>
        public void SignCentre(byte[] key, byte[] frame)
        {
            _mac.HmacSha256(key, frame, Frame.CentreTagOffset, _digest);
            Bytes.Copy(_digest, 0, frame, Frame.CentreTagOffset, Frame.TagSize + Frame.TagSize);
        }

        /// <summary>
        /// Writes the link tag of a hub's own frame, and before it, where the centre tag would stand, four bytes that
        /// nobody checks: they make the keystream of each frame its own (docs/adr/0095).
        /// </summary>
        public void SignHub(byte[] key, byte[] frame)
        {
            SignCentre(key, frame);
            SignLink(key, frame);
        }

        /// <summary>Writes the link tag (bytes 16-19); the centre tag must be there already, it is covered.</summary>
        public void SignLink(byte[] key, byte[] frame)
        {
            _mac.HmacSha256(key, frame, Frame.LinkTagOffset, _digest);
            Bytes.Copy(_digest, 0, frame, Frame.LinkTagOffset, Frame.TagSize);
        }

        /// <summary>True where the centre tag of the frame at <paramref name="offset"/> is right.</summary>
        public bool CentreTagIsRight(byte[] key, byte[] data, int offset)
        {
            return Check(key, data, offset, Frame.CentreTagOffset);
        }

        /// <summary>True where the link tag of the frame at <paramref name="offset"/> is right.</summary>
        public bool LinkTagIsRight(byte[] key, byte[] data, int offset)
        {
            return Check(key, data, offset, Frame.LinkTagOffset);
        }

        /// <summary>
        /// Seals type and payload of a signed frame for the air: XOR with the first 7 bytes of HMAC-SHA256(air key,
        /// direction, bytes 0-5 without the type, bytes 12-19). The tags are over the plaintext and are the nonce, so
        /// different plaintexts have different keystreams, also under the same numbers (docs/adr/0095).
        /// </summary>
        /// <param name="airKey">The band's air key.</param>
        /// <param name="up">True for a frame that the band sends, false for one that a hub sends to the band.</param>
        /// <param name="frame">20 bytes, sealed in place.</param>
        public void Seal(byte[] airKey, bool up, byte[] frame)
        {
            _nonce[0] = up ? UpLabel : DownLabel;
            _nonce[1] = (byte)(frame[0] & ClearBits);
            Bytes.Copy(frame, 1, _nonce, 2, Frame.PayloadOffset - 1);
            Bytes.Copy(frame, Frame.CentreTagOffset, _nonce, 7, Frame.TagSize + Frame.TagSize);
            _mac.HmacSha256(airKey, _nonce, NonceBytes, _digest);
            frame[0] ^= (byte)(_digest[0] & TypeBits);
            for (int i = 0; i < Frame.PayloadSize; i++)
            {
                frame[Frame.PayloadOffset + i] ^= _digest[1 + i];
            }
        }

        /// <summary>
        /// Opens a frame from the air, before its tags are checked: the same operation as <see cref="Seal"/>.
        /// </summary>
        public void Open(byte[] airKey, bool up, byte[] frame)
        {
            Seal(airKey, up, frame);
        }

        private bool Check(byte[] key, byte[] data, int offset, int covered)
        {
            Bytes.Copy(data, offset, _scratch, 0, Frame.Size);
            _mac.HmacSha256(key, _scratch, covered, _digest);
            int difference = 0;
            for (int i = 0; i < Frame.TagSize; i++)
            {
                difference |= _digest[i] ^ _scratch[covered + i];
            }

            return difference == 0;
        }
    }

    /// <summary>
    /// Counts bad tags of one sender. Ten in a minute is the limit on which 4-byte tags rest: at that rate a forger
    /// needs 2^32 / 10 minutes, 817 years on average, for one hit (docs/adr/0002). Over the limit the caller shuts that
    /// sender's link and reports; frames with a right tag are still served, or a stranger could silence the band (P13).
    /// </summary>
    public sealed class TagLimiter
    {
        /// <summary>Bad tags allowed per minute.</summary>
        public const int PerMinute = 10;

        private long _windowStartMs;
        private int _bad;

        /// <summary>Counts one bad tag; true exactly when the limit is passed (report once a minute).</summary>
        public bool CountBad(long nowMs)
        {
            if (nowMs - _windowStartMs >= 60000)
            {
                _windowStartMs = nowMs;
                _bad = 0;
            }

            _bad++;
            return _bad == PerMinute + 1;
        }

        /// <summary>True while over the limit in the current minute.</summary>
        public bool IsOver(long nowMs)
        {
            return nowMs - _windowStartMs < 60000 && _bad > PerMinute;
        }
    }
}
