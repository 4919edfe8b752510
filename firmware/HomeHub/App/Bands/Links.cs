using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Scanner and up to three links. The controller gives three and no more; a failing connect takes 7 s without
    /// scanning, so one failure is followed by 2 s of scanning, and whoever is owed an answer to an alarm goes first.
    /// The scanner reports an address once and then drops its frames until it is restarted, so it is restarted soon after
    /// it has reported a band without a link: the next frame may be a press. Without a link a restart stops the whole
    /// radio stack and all threads with it, so there are no more restarts than that needs (docs/adr/0035).
    /// </summary>
    public sealed class Links
    {
        /// <summary>Links that the controller can hold.</summary>
        public const int MaxLinks = 3;

        // From the report of a band without a link to the restart: a press then is stored within 6 s (P03).
        private const long ScanAfterReportMs = 2000;

        // The stack may have stopped scanning without a word, so also a quiet scanner is restarted.
        private const long ScanMs = 15000;
        private const int LongestWaitMs = 2000;
        private const long AdvertisedForMs = 5000;
        private const long ConnectLimitMs = 15000;
        private const long PauseAfterFailureMs = 2000;
        private const long BeatLateMs = 10000;
        private const long TurnMs = 60000;
        private const long EvictMs = 5000;
        private const int WritesPerStep = 8;

        // 8 dB above what the ESP32 hears at all (-94 dBm, its data sheet): below, a connect mostly fails, and is deaf.
        private const int WeakDbm = -86;
        private const long WeakAgainMs = 300000;
        private const long CallWaitsMs = 10000;

        private static readonly int[] BackoffS = { 1, 2, 5, 15, 30 };

        private readonly IHubLink _radio;
        private readonly BandTable _bands;
        private readonly Tagger _tagger;
        private readonly byte[] _frame = new byte[Frame.Size];
        private long _scanDueMs;
        private long _connectNotBeforeMs;

        /// <summary>Makes the links.</summary>
        public Links(IHubLink radio, BandTable bands, Tagger tagger)
        {
            _radio = radio;
            _bands = bands;
            _tagger = tagger;
        }

        /// <summary>Links up or being made.</summary>
        public int Used
        {
            get
            {
                int used = 0;
                for (int i = 0; i < _bands.Count; i++)
                {
                    if (_bands.At(i).Link != LinkState.Down)
                    {
                        used++;
                    }
                }

                return used;
            }
        }

        /// <summary>A link came up.</summary>
        public void OnUp(BandSession band, long nowMs)
        {
            band.Link = LinkState.Up;
            band.LinkSinceMs = nowMs;
            band.LinkFrameMs = nowMs;
            band.ConnectFailures = 0;
            band.HelloOwed = false;
            band.HasNonce = false;
            band.Down.AllDue();
            _scanDueMs = nowMs;
        }

        /// <summary>A served band was heard in an advertisement, whatever it said.</summary>
        public void OnHeard(BandSession band, int rssiDbm, long nowMs)
        {
            band.AdvertisedMs = nowMs;
            band.RssiDbm = rssiDbm;

            // The earliest report counts: many bands must not put the restart off for each other.
            if (band.Link == LinkState.Down && nowMs + ScanAfterReportMs < _scanDueMs)
            {
                _scanDueMs = nowMs + ScanAfterReportMs;
            }
        }

        /// <summary>A link went down or could not be made: the scanner must be started anew or the hub is deaf.</summary>
        public void OnDown(BandSession band, long nowMs)
        {
            if (band.Link == LinkState.Connecting)
            {
                int step = band.ConnectFailures < BackoffS.Length ? band.ConnectFailures : BackoffS.Length - 1;
                band.ConnectFailures++;
                long waitMs = BackoffS[step] * 1000L;

                // A call is tried again soon; one that cannot be reached leaves turns to the others.
                long callMs = band.ConnectFailures < BackoffS.Length ? PauseAfterFailureMs : CallWaitsMs;
                band.ConnectNotBeforeMs = nowMs + (band.Acks > 0 && waitMs > callMs ? callMs : waitMs);
                _connectNotBeforeMs = nowMs + PauseAfterFailureMs;
            }

            band.Link = LinkState.Down;
            band.LinkSinceMs = nowMs;
            band.AdvertisedMs = -1;
            band.HelloOwed = false;
            band.HasNonce = false;
            _scanDueMs = nowMs;
        }

        /// <summary>The radio stack was restarted: no link is left.</summary>
        public void OnRestart(long nowMs)
        {
            for (int i = 0; i < _bands.Count; i++)
            {
                if (_bands.At(i).Link != LinkState.Down)
                {
                    OnDown(_bands.At(i), nowMs);
                }
            }

            _connectNotBeforeMs = nowMs;
        }

        /// <summary>Whether the centre is reached has changed: every linked band learns it at once.</summary>
        public void OnlineChanged()
        {
            for (int i = 0; i < _bands.Count; i++)
            {
                _bands.At(i).HubStateDueMs = 0;
            }
        }

        /// <summary>Writes what is owed, connects where asked, scans; returns milliseconds until it wants to be called again.</summary>
        public int Step(bool online, int minuteOfDay, long nowMs)
        {
            int wait = LongestWaitMs;
            bool connecting = false;
            for (int i = 0; i < _bands.Count; i++)
            {
                BandSession band = _bands.At(i);
                switch (band.Link)
                {
                    case LinkState.Up:
                        wait = Least(wait, Deliver(band, online, minuteOfDay, nowMs));
                        Supervise(band, nowMs);
                        break;
                    case LinkState.Connecting:
                        if (nowMs - band.LinkSinceMs > ConnectLimitMs)
                        {
                            _radio.Disconnect(band.Address);
                            OnDown(band, nowMs);
                        }
                        else
                        {
                            connecting = true;
                        }

                        break;
                    default:
                        break;
                }
            }

            if (!connecting)
            {
                if (nowMs >= _scanDueMs)
                {
                    _radio.Scan();
                    _scanDueMs = nowMs + ScanMs;
                }

                ConnectNext(nowMs);

                wait = Least(wait, (int)(_scanDueMs - nowMs));
            }

            return wait;
        }

        private int Deliver(BandSession band, bool online, int minuteOfDay, long nowMs)
        {
            for (int writes = 0; writes < WritesPerStep; writes++)
            {
                int slot = -1;
                byte[] down = null;
                if (band.HelloOwed)
                {
                    Bytes.Copy(band.Hello, 0, _frame, 0, Frame.Size);
                }
                else if (band.Acks > 0)
                {
                    band.PeekAck(_frame, online, minuteOfDay);
                }
                else if (band.HasNonce && nowMs >= band.HubStateDueMs)
                {
                    Frame.Begin(_frame, FrameType.HubState, Lane.Vitals, 0, 0);
                    Payload.BindHubState(_frame, band.Hello, Frame.PayloadOffset);
                    Payload.PutHubState(_frame, online, minuteOfDay);
                }
                else
                {
                    down = band.Down.Next(nowMs, out slot);
                    if (down == null)
                    {
                        return 1000;
                    }
                }

                // What the centre has signed goes out as it came; what the hub says carries the link tag.
                if (down == null)
                {
                    _tagger.SignLink(band.LinkDownKey, _frame);
                }

                SendResult result = _radio.Write(band.Address, down == null ? _frame : down);
                if (result == SendResult.Busy)
                {
                    return 50;
                }

                if (result == SendResult.NotConnected)
                {
                    OnDown(band, nowMs);
                    return 0;
                }

                if (band.HelloOwed)
                {
                    band.HelloOwed = false;
                }
                else if (band.Acks > 0)
                {
                    band.PopAck();
                }
                else if (down == null)
                {
                    band.HubStateDueMs = nowMs + LinkTiming.HubStateMs;
                }
                else
                {
                    band.Down.Sent(slot, nowMs);
                }
            }

            return 0;
        }

        /// <summary>A link without a frame for three beats of Guard is dead, whatever the stack says.</summary>
        private void Supervise(BandSession band, long nowMs)
        {
            int silentMs = LinkTiming.SilentBeats * LinkTiming.BeatMs(BandMode.Guard);
            if (band.Link == LinkState.Up && nowMs - band.LinkFrameMs > silentMs + BeatLateMs)
            {
                _radio.Disconnect(band.Address);
                OnDown(band, nowMs);
            }
        }

        private void ConnectNext(long nowMs)
        {
            BandSession best = null;
            for (int i = 0; i < _bands.Count; i++)
            {
                BandSession band = _bands.At(i);
                if (MayConnect(band, nowMs)
                    && (best == null || Rank(band) > Rank(best) || (Rank(band) == Rank(best) && band.LinkSinceMs < best.LinkSinceMs)))
                {
                    best = band;
                }
            }

            if (best == null)
            {
                return;
            }

            if (Used >= MaxLinks)
            {
                MakeRoom(best, nowMs);
                return;
            }

            if (_radio.Connect(best.Address) == SendResult.Sent)
            {
                best.Link = LinkState.Connecting;
                best.LinkSinceMs = nowMs;
            }
        }

        /// <summary>
        /// A band that advertises asks for a link. After a failure the scanner has its 2 s first, except for a band whose
        /// call has been heard and was never tried: another's failure must not hold up its answer.
        /// </summary>
        private bool MayConnect(BandSession band, long nowMs)
        {
            if (band.Acks == 0 && (CallWaits(nowMs) || IsTooWeak(band, nowMs)))
            {
                return false;
            }

            bool first = band.Acks > 0 && band.ConnectFailures == 0;
            return band.Link == LinkState.Down
                && band.AdvertisedMs >= 0
                && nowMs - band.AdvertisedMs <= (first ? 2 * AdvertisedForMs : AdvertisedForMs)
                && (first || (nowMs >= band.ConnectNotBeforeMs && nowMs >= _connectNotBeforeMs));
        }

        /// <summary>
        /// A call that was heard waits for its answer: nobody else's connect may make the hub deaf meanwhile. A band that
        /// cannot be reached holds the others up only for its first attempts.
        /// </summary>
        private bool CallWaits(long nowMs)
        {
            for (int i = 0; i < _bands.Count; i++)
            {
                BandSession band = _bands.At(i);
                if (band.Acks > 0
                    && band.ConnectFailures < BackoffS.Length
                    && (nowMs - band.AdvertisedMs <= CallWaitsMs || nowMs - band.LinkSinceMs <= CallWaitsMs))
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>
        /// A band at the edge of reach that only asks gets no link: its calls and beats are heard without one. For words
        /// of the centre one attempt, and after a failure one in 5 min.
        /// </summary>
        private static bool IsTooWeak(BandSession band, long nowMs)
        {
            return band.RssiDbm < WeakDbm
                && (!band.Down.Owes || (band.ConnectFailures > 0 && nowMs - band.LinkSinceMs < WeakAgainMs));
        }

        /// <summary>Drops the link that has waited least for nothing: at once for an alarm, else after its minute.</summary>
        private void MakeRoom(BandSession wanted, long nowMs)
        {
            BandSession victim = null;
            long holdMs = Rank(wanted) > 0 ? EvictMs : TurnMs;
            for (int i = 0; i < _bands.Count; i++)
            {
                BandSession band = _bands.At(i);
                if (band.Link == LinkState.Up
                    && Rank(band) < Rank(wanted) + (Rank(wanted) == 0 ? 1 : 0)
                    && nowMs - band.LinkSinceMs > holdMs
                    && (victim == null || band.LinkSinceMs < victim.LinkSinceMs))
                {
                    victim = band;
                }
            }

            if (victim != null)
            {
                _radio.Disconnect(victim.Address);
                OnDown(victim, nowMs);
            }
        }

        /// <summary>2 owed an acknowledgement, 1 owed something from the centre, 0 just asking.</summary>
        private static int Rank(BandSession band)
        {
            return band.Acks > 0 ? 2 : band.Down.Owes ? 1 : 0;
        }

        private static int Least(int a, int b)
        {
            return a < b ? a : b;
        }
    }
}
