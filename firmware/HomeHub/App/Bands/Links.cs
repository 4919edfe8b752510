using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Scanner and up to three links, which is the controller's limit. A failing connect takes 7 s without scanning, so
    /// 2 s of scanning follow each failure, and a band that waits for the acknowledgement of an alarm is connected
    /// first. The scanner reports an address once and then drops its frames until it is restarted, so it is restarted
    /// soon after it has reported a band without a link: the next frame may be a press. Without a link a restart stops
    /// the whole radio stack and all threads with it, so the scanner is not restarted more often than that
    /// (docs/adr/0035).
    /// </summary>
    public sealed class Links
    {
        /// <summary>Links that the controller can hold.</summary>
        public const int MaxLinks = 3;

        // Time from the report of a band without a link to the restart; with it a press is stored within 6 s (P03).
        private const long ScanAfterReportMs = 2000;

        // The stack may have stopped scanning without an event, so a scanner without reports is restarted too.
        private const long ScanMs = 15000;

        // A connect ends the scan for seconds. Where other bands may be calling too, the scanner first runs so long.
        private const long ListenMs = 1000;
        private const int LongestWaitMs = 2000;
        private const long AdvertisedForMs = 5000;

        // A beat that asks for no link lasts 1.5 s. A connect that begins later fails after 7 s without scanning.
        private const long BeatForMs = 1000;
        private const long ConnectLimitMs = 15000;
        private const long PauseAfterFailureMs = 2000;
        private const long BeatLateMs = 10000;
        private const long TurnMs = 60000;
        private const long EvictMs = 5000;

        // 8 dB above the ESP32's sensitivity (-94 dBm, its data sheet). Below, most connects fail after 7 s without
        // scanning.
        private const int WeakDbm = -86;
        private const long WeakAgainMs = 300000;
        private const long CallWaitsMs = 10000;

        private static readonly int[] BackoffS = { 1, 2, 5, 15, 30 };

        private readonly IHubLink _radio;
        private readonly BandTable _bands;
        private readonly LinkWriter _writer;
        private long _scanDueMs;
        private long _scanSinceMs;
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
            band.IsProven = false;
            band.Down.AllDue();
            _scanDueMs = nowMs;
        }

        /// <summary>A served band was heard in an advertisement.</summary>
        /// <param name="band">The band.</param>
        /// <param name="heard">Signal strength in Arg, and the frame, if there is one.</param>
        /// <param name="nowMs">Now.</param>
        public void OnHeard(BandSession band, RingEvent heard, long nowMs)
        {
            band.AdvertisedMs = nowMs;
            band.RssiDbm = heard.Arg;
            band.WantsLink = AsksForLink(heard);

            // The earliest report counts, so that one band cannot delay the restart for another.
            if (band.Link == LinkState.Down && nowMs + ScanAfterReportMs < _scanDueMs)
            {
                _scanDueMs = nowMs + ScanAfterReportMs;
            }
        }

        /// <summary>
        /// A status or vitals frame in an advertisement is complete without a link, unless the status asks for one. A
        /// band in Guard holds a link, so its status always asks. Every other frame asks too, and so does an
        /// advertisement without a frame.
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
        /// A link went down or could not be made: without a restart of the scanner the hub hears no advertisement.
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
            band.IsProven = false;
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

        /// <summary>The line to the centre came up or went down: every linked band is told at once.</summary>
        public void OnlineChanged()
        {
            for (int i = 0; i < _bands.Count; i++)
            {
                _bands.At(i).HubStateDueMs = 0;
            }
        }

        /// <summary>Writes due frames, connects and scans; returns the milliseconds until the next call.</summary>
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
                    _scanSinceMs = nowMs;
                }

                long listenUntilMs = ListenUntilMs(nowMs);
                if (nowMs >= listenUntilMs)
                {
                    ConnectNext(nowMs);
                }
                else
                {
                    wait = Least(wait, (int)(listenUntilMs - nowMs));
                }

                wait = Least(wait, (int)(_scanDueMs - nowMs));
            }

            return wait < 0 ? 0 : wait;
        }

        /// <summary>
        /// Ends a link that has brought no frame for three beats of Guard and 10 s more: the link is dead, even where
        /// the stack has reported no disconnect.
        /// </summary>
        private void Supervise(BandSession band, long nowMs)
        {
            int silentMs = LinkTiming.SilentBeats * LinkTiming.BeatMs(BandMode.Guard);
            if (nowMs - band.LinkFrameMs > silentMs + BeatLateMs)
            {
                _radio.Disconnect(band.Address);
                OnDown(band, nowMs);
            }
        }

        // In a home with more bands than links: until the scanner has run for a while since its start and since the
        // last band began to call, where a band is left that may call unheard (docs/adr/0036).
        private long ListenUntilMs(long nowMs)
        {
            if (_bands.Count <= MaxLinks || !_bands.MayCallUnheard(_scanSinceMs, nowMs))
            {
                return nowMs;
            }

            long calledMs = _bands.LastCallMs();
            return (calledMs > _scanSinceMs ? calledMs : _scanSinceMs) + ListenMs;
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
        /// the hub first scans for 2 s. The exception is a band whose call was heard and to which no connect was tried:
        /// another band's failure must not delay its acknowledgement.
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
        /// True while a heard call waits for its acknowledgement: no other connect may stop the scan meanwhile. A band
        /// that cannot be reached delays the others only during its first attempts.
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
        /// A band at the edge of range that only asks gets no link, because its calls and beats are heard without one.
        /// For a frame of the centre the hub makes one attempt, and after a failure one every 5 min.
        /// </summary>
        private static bool IsTooWeak(BandSession band, long nowMs)
        {
            return band.RssiDbm < WeakDbm
                && (!band.Down.Owes || (band.ConnectFailures > 0 && nowMs - band.LinkSinceMs < WeakAgainMs));
        }

        /// <summary>
        /// Drops the oldest link of a lower rank to make room, or of equal rank where the wanted band only asks. The
        /// link must have lasted <see cref="EvictMs"/>, or <see cref="TurnMs"/> where the band only asks.
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

        /// <summary>
        /// 2: an acknowledgement waits for the band. 1: a frame of the centre waits. 0: the band only asks.
        /// </summary>
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
