using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>Writes to a linked band what it is owed, most urgent first.</summary>
    public sealed class LinkWriter
    {
        /// <summary>The link is gone.</summary>
        public const int Lost = -1;

        private const int WritesPerStep = 8;
        private const int BusyMs = 50;
        private const int IdleMs = 1000;

        private readonly IHubLink _radio;
        private readonly Tagger _tagger;
        private readonly byte[] _frame = new byte[Frame.Size];

        /// <summary>Writes over this radio.</summary>
        public LinkWriter(IHubLink radio, Tagger tagger)
        {
            _radio = radio;
            _tagger = tagger;
        }

        private enum Owed : byte
        {
            Nothing = 0,
            Hello = 1,
            Acknowledgement = 2,
            HubState = 3,
            CentreFrame = 4,
        }

        /// <summary>Writes due frames; returns the milliseconds until the next call, or <see cref="Lost"/>.</summary>
        public int Step(BandSession band, bool online, int minuteOfDay, long nowMs)
        {
            for (int writes = 0; writes < WritesPerStep; writes++)
            {
                Owed owed = Next(band, online, minuteOfDay, nowMs, out int slot);
                if (owed == Owed.Nothing)
                {
                    return IdleMs;
                }

                SendResult result = _radio.Write(band.Address, _frame);
                if (result == SendResult.Busy)
                {
                    return BusyMs;
                }

                if (result == SendResult.NotConnected)
                {
                    return Lost;
                }

                Sent(band, owed, slot, nowMs);
            }

            return 0;
        }

        private Owed Next(BandSession band, bool online, int minuteOfDay, long nowMs, out int slot)
        {
            slot = -1;
            Owed owed;
            if (band.HelloOwed)
            {
                Bytes.Copy(band.Hello, 0, _frame, 0, Frame.Size);
                owed = Owed.Hello;
            }
            else if (band.Acks > 0)
            {
                band.PeekAck(_frame, online, minuteOfDay);
                owed = Owed.Acknowledgement;
            }
            else if (band.HasNonce && nowMs >= band.HubStateDueMs)
            {
                Frame.Begin(_frame, FrameType.HubState, Lane.Vitals, 0, 0);
                Payload.BindHubState(_frame, band.Hello, Frame.PayloadOffset);
                Payload.PutHubState(_frame, online, minuteOfDay);
                owed = Owed.HubState;
            }
            else
            {
                // A hub with two sets of keys waits for the challenge of the band, which shows the set that the band
                // uses.
                byte[] down = band.Keys.Other == null || band.HasNonce ? band.Down.Next(nowMs, out slot) : null;
                if (down == null)
                {
                    return Owed.Nothing;
                }

                // The centre has signed this frame; only the hub's own frames carry the link tag.
                Bytes.Copy(down, 0, _frame, 0, Frame.Size);
                _tagger.Seal(band.Keys.InUse.Air, false, _frame);
                return Owed.CentreFrame;
            }

            _tagger.SignHub(band.Keys.InUse.Down, _frame);
            _tagger.Seal(band.Keys.InUse.Air, false, _frame);
            return owed;
        }

        private static void Sent(BandSession band, Owed owed, int slot, long nowMs)
        {
            switch (owed)
            {
                case Owed.Hello:
                    band.HelloOwed = false;
                    break;
                case Owed.Acknowledgement:
                    band.PopAck();
                    break;
                case Owed.HubState:
                    band.HubStateDueMs = nowMs + LinkTiming.HubStateMs;
                    break;
                default:
                    band.Down.Sent(slot, nowMs);
                    break;
            }
        }
    }
}
