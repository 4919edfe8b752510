using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Scanner and up to three links. The controller gives three and no more; a failing connect takes 7 s without
    /// scanning, so one failure is followed by 2 s of scanning, and whoever is owed an answer to an alarm goes first.
    /// The scanner reports an address once and then drops its frames until it is restarted, so it is restarted soon
    /// after it has reported a band without a link: the next frame may be a press. Without a link a restart stops the
    /// whole radio stack and all threads with it, so there are no more restarts than that needs (docs/adr/0035).
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

        // A beat that asks for nothing is on the air for 1.5 s: a connect that begins later fails, and is deaf for 7 s.
        private const long BeatForMs = 1000;
        private const long ConnectLimitMs = 15000;
        private const long PauseAfterFailureMs = 2000;
        private const long BeatLateMs = 10000;
        private const long TurnMs = 60000;
        private const long EvictMs = 5000;

        // 8 dB above what the ESP32 hears at all (-94 dBm, its data sheet): below, a connect mostly fails, and is deaf.
        private const int WeakDbm = -86;
        private const long WeakAgainMs = 300000;
        private const long CallWaitsMs = 10000;

        private static readonly int[] BackoffS = { 1, 2, 5, 15, 30 };

        private readonly IHubLink _radio;
        private readonly BandTable _bands;
        private readonly LinkWriter _writer;
        private long _scanDueMs;
        private long _connectNotBeforeMs;

        /// <summary>Makes the links.</summary>
        public Links(IHubLink radio, BandTable bands, Tagger tagger)
        {
            _radio = radio;
            _bands = bands;
            _writer = new LinkWriter(radio, tagger);
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

        /// <summary>A served band was heard in an advertisement.</summary>
        /// <param name="band">Which.</param>
        /// <param name="heard">Signal strength in Arg, and the frame, if there is one.</param>
        /// <param name="nowMs">Now.</param>
        public void OnHeard(BandSession band, RingEvent heard, long nowMs)
        {
            band.AdvertisedMs = nowMs;
            band.RssiDbm = heard.Arg;
            band.WantsLink = AsksForLink(heard);

            // The earliest report counts: many bands must not put the restart off for each other.
            if (band.Link == LinkState.Down && nowMs + ScanAfterReportMs < _scanDueMs)
            {
                _scanDueMs = nowMs + ScanAfterReportMs;
            }
        }

        /// <summary>
        /// A status or vitals frame in an advertisement is complete without a link, unless the status asks for one. A
        /// band in Guard holds a link, so its status always asks. So does every other frame, and an advertisement
        /// without one.
        /// </summary>
        private static bool AsksForLink(RingEvent heard)
        {
            if (heard.Count != Frame.Size || Frame.VersionOf(heard.Data, 0) != Frame.Version)
            {
                return true;
            }

            switch (Frame.TypeOf(heard.Data, 0))
            {
                case FrameType.Vitals:
                    return false;
                case FrameType.Status:
                    return Payload.AsksForLink(heard.Data, 0) || Payload.StatusMode(heard.Data, 0) == BandMode.Guard;
                default:
                    return true;
            }
        }

        /// <summary>
        /// A link went down or could not be made: the scanner must be started anew or the hub is deaf.
        /// </summary>
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

        /// <summary>
        /// Writes what is owed, connects, scans; returns milliseconds until it wants to be called again.
        /// </summary>
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
                        int dueMs = _writer.Step(band, online, minuteOfDay, nowMs);
                        wait = Least(wait, dueMs);
                        if (dueMs == LinkWriter.Lost)
                        {
                            OnDown(band, nowMs);
                        }
                        else
                        {
                            Supervise(band, nowMs);
                        }

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

            return wait < 0 ? 0 : wait;
        }

        /// <summary>A link without a frame for three beats of Guard is dead, whatever the stack says.</summary>
        private void Supervise(BandSession band, long nowMs)
        {
            int silentMs = LinkTiming.SilentBeats * LinkTiming.BeatMs(BandMode.Guard);
            if (nowMs - band.LinkFrameMs > silentMs + BeatLateMs)
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
                    && (best == null
                        || Rank(band) > Rank(best)
                        || (Rank(band) == Rank(best) && band.LinkSinceMs < best.LinkSinceMs)))
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
        /// A link is made where the band asks, or is owed an acknowledgement or a frame of the centre. After a failure
        /// the scanner has its 2 s first, except for a band whose call has been heard and was never tried: another's
        /// failure must not hold up its answer.
        /// </summary>
        private bool MayConnect(BandSession band, long nowMs)
        {
            if (band.Acks == 0
                && ((!band.WantsLink && !band.Down.Owes) || CallWaits(nowMs) || IsTooWeak(band, nowMs)))
            {
                return false;
            }

            bool first = band.Acks > 0 && band.ConnectFailures == 0;
            long onAirMs = first ? 2 * AdvertisedForMs
                : band.Acks > 0 || band.WantsLink ? AdvertisedForMs
                : BeatForMs;
            return band.Link == LinkState.Down
                && band.AdvertisedMs >= 0
                && nowMs - band.AdvertisedMs <= onAirMs
                && (first || (nowMs >= band.ConnectNotBeforeMs && nowMs >= _connectNotBeforeMs));
        }

        /// <summary>
        /// A call that was heard waits for its answer: nobody else's connect may make the hub deaf meanwhile. A band
        /// that cannot be reached holds the others up only for its first attempts.
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
        /// A band at the edge of reach that only asks gets no link: its calls and beats are heard without one. For
        /// words of the centre one attempt, and after a failure one in 5 min.
        /// </summary>
        private static bool IsTooWeak(BandSession band, long nowMs)
        {
            return band.RssiDbm < WeakDbm
                && (!band.Down.Owes || (band.ConnectFailures > 0 && nowMs - band.LinkSinceMs < WeakAgainMs));
        }

        /// <summary>
        /// Drops the link that has waited least for nothing: at once for an alarm, else after its minute.
        /// </summary>
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
