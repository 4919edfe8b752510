using ElderBand.BandProtocol;

namespace ElderBand.Wristband
{
    /// <summary>
    /// What is on the air. Frames that no hub has stored come first, highest rank only; then those that the centre has
    /// not receipted, in turn; then the beat; then an advertisement without a frame.
    /// </summary>
    public sealed class Advertiser
    {
        private const int RotateMs = 3000;
        private const int RotateSlowlyMs = 30000;
        private const int QuickRotations = 20;
        private const int AgainMs = 250;
        private const long NothingOnAir = -1;
        private const long EmptyOnAir = 0;
        private const long BeatBit = 1L << 40;

        private readonly IBandLink _link;
        private readonly AlarmLatch _latch;
        private readonly FrameSource _source;
        private readonly LinkTrust _trust;
        private readonly RadioWatch _watch;
        private readonly byte[] _beat = new byte[Frame.Size];
        private bool _hasBeat;
        private long _onAir = NothingOnAir;
        private long _againMs;
        private uint _rotated;
        private uint _newest;
        private long _rotateAtMs;
        private int _rotations;

        /// <summary>Composes the advertiser over the radio, the latch and what is known of the links.</summary>
        public Advertiser(IBandLink link, AlarmLatch latch, FrameSource source, LinkTrust trust, RadioWatch watch)
        {
            _link = link;
            _latch = latch;
            _source = source;
            _trust = trust;
            _watch = watch;
        }

        /// <summary>The frame of the beat, on the air where no alarm is and no hub is trusted.</summary>
        public void SetBeat(byte[] frame)
        {
            Bytes.Copy(frame, 0, _beat, 0, Frame.Size);
            _hasBeat = true;
        }

        /// <summary>A link came up.</summary>
        public void OnLinkUp()
        {
            _rotations = 0;
            OnOffAir();
        }

        /// <summary>
        /// Advertising has ended, because the radio was stopped or a central has connected. A link of a stranger must
        /// not keep the band from advertising.
        /// </summary>
        public void OnOffAir()
        {
            _onAir = NothingOnAir;
        }

        /// <summary>Advertises the frame that is due; returns when to call this next, ms.</summary>
        public long Step(long nowMs)
        {
            LatchSlot slot = Choose(nowMs);
            long wanted = slot != null ? slot.Order
                : _hasBeat && !_trust.IsTrusted ? BeatBit + Frame.SequenceOf(_beat, 0) : EmptyOnAir;
            if (_trust.IsTrusted && wanted == EmptyOnAir && _onAir == NothingOnAir)
            {
                return long.MaxValue; // advertising stopped when the trusted hub connected, and no other hub is needed
            }

            if (wanted != _onAir)
            {
                if (nowMs < _againMs)
                {
                    return _againMs;
                }

                _watch.OnAdvertise();
                byte[] frame = slot != null ? slot.Frame : wanted == EmptyOnAir ? null : _beat;
                bool accepted = _link.Advertise(frame == null ? null : _source.Sealed(frame));
                _watch.OnAdvertised(accepted);
                if (!accepted)
                {
                    _onAir = NothingOnAir;
                    _againMs = nowMs + AgainMs;
                    return _againMs;
                }

                _onAir = wanted;
            }

            return slot != null ? _rotateAtMs : long.MaxValue;
        }

        private LatchSlot Choose(long nowMs)
        {
            bool unheard = false;
            int rank = -1;
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (!slot.Pending || (slot.Heard && (unheard || _trust.IsTrusted)))
                {
                    continue;
                }

                if (!slot.Heard && !unheard)
                {
                    unheard = true;
                    rank = slot.Rank;
                }
                else if (slot.Rank > rank)
                {
                    rank = slot.Rank;
                }
            }

            return rank < 0 || (_trust.IsTrusted && rank < 2) ? null : InTurn(rank, unheard, nowMs);
        }

        // A frame that is newer than every one before takes the next turn at once. Otherwise the frame on the air stays
        // while its turn lasts, then the next one by order follows, then the first again.
        private LatchSlot InTurn(int rank, bool unheard, long nowMs)
        {
            bool turn = nowMs >= _rotateAtMs;
            LatchSlot first = null;
            LatchSlot next = null;
            LatchSlot same = null;
            LatchSlot news = null;
            for (int i = 0; i < AlarmLatch.Slots; i++)
            {
                LatchSlot slot = _latch.At(i);
                if (!slot.Pending || slot.Heard == unheard || slot.Rank != rank)
                {
                    continue;
                }

                first = first == null || slot.Order < first.Order ? slot : first;
                same = slot.Order == _rotated ? slot : same;
                news = slot.Order > _newest && (news == null || slot.Order > news.Order) ? slot : news;
                if (slot.Order > _rotated && (next == null || slot.Order < next.Order))
                {
                    next = slot;
                }
            }

            _newest = news != null ? news.Order : _newest;
            LatchSlot chosen = news != null ? news : same != null && !turn ? same : next != null ? next : first;
            if (turn || chosen.Order != _rotated)
            {
                _rotated = chosen.Order;
                _rotations++;
                _rotateAtMs = nowMs + (_rotations <= QuickRotations ? RotateMs : RotateSlowlyMs);
            }

            return chosen;
        }
    }
}
