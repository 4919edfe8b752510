using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Judges each frame that was heard under the address of a served band: its tag, whether it is new, whether it is
    /// stored or only answered, what it says of the band's clock, and whether the band needs a link.
    /// </summary>
    public sealed class FrameJudge
    {
        private const long TamperEveryMs = 60000;
        private const long KeyUnknownEveryMs = 600000;

        private readonly IHubLink _radio;
        private readonly BandTable _bands;
        private readonly Outbox _outbox;
        private readonly Tagger _tagger;
        private readonly Reports _reports;
        private readonly FrameMemory _calls = new FrameMemory();
        private readonly FrameMemory _notes = new FrameMemory();
        private RingEvent _event;
        private KeySet _set;

        /// <summary>Composes the parts that a frame may change.</summary>
        public FrameJudge(IHubLink radio, BandTable bands, Outbox outbox, Tagger tagger, Reports reports)
        {
            _radio = radio;
            _bands = bands;
            _outbox = outbox;
            _tagger = tagger;
            _reports = reports;
        }

        /// <summary>Frames with a wrong link tag or a wrong length under the address of a band.</summary>
        public int BadFrames { get; private set; }

        /// <summary>Frames that had been seen before.</summary>
        public int Repeats { get; private set; }

        /// <summary>
        /// Opens a frame of the band that has come from the air, with the keys under which its link tag is right, else
        /// with the keys in use. A frame of a wrong length stays as it is.
        /// </summary>
        public void Open(BandSession band, RingEvent heard)
        {
            _set = null;
            if (heard.Count == Frame.Size && !Opens(band.Keys.InUse, heard.Data)
                && (band.Keys.Other == null || !Opens(band.Keys.Other, heard.Data)))
            {
                _tagger.Open(band.Keys.InUse.Air, true, heard.Data);
            }
        }

        /// <summary>Judges an opened frame and acts on it.</summary>
        /// <param name="band">Under whose address it was heard.</param>
        /// <param name="heard">The frame; it may have any length.</param>
        /// <param name="advertised">In an advertisement; false: over a link.</param>
        /// <param name="online">Signed in at the centre.</param>
        /// <param name="nowMs">Now.</param>
        public void Judge(BandSession band, RingEvent heard, bool advertised, bool online, long nowMs)
        {
            _event = heard;
            byte flags = advertised ? Envelope.Advertised : (byte)0;
            if (_set != null)
            {
                OnRightFrame(band, (byte)(flags | Envelope.LinkChecked), online, nowMs);
            }
            else
            {
                OnWrongFrame(band, flags, advertised, nowMs);
            }
        }

        /// <summary>Reports bands that have been silent for three beats of their mode.</summary>
        public void WatchSilence(long nowMs)
        {
            for (int i = 0; i < _bands.Count; i++)
            {
                BandSession band = _bands.At(i);
                if (!band.Silent && nowMs - band.HeardMs >= LinkTiming.SilentBeats * LinkTiming.BeatMs(band.Mode))
                {
                    band.Silent = true;
                    _reports.Add(TechnicalCode.BandSilent, band.Address, nowMs);
                }
            }
        }

        private bool Opens(KeySet set, byte[] frame)
        {
            _tagger.Open(set.Air, true, frame);
            if (_tagger.LinkTagIsRight(set.Up, frame, 0))
            {
                _set = set;
                return true;
            }

            _tagger.Seal(set.Air, true, frame);
            return false;
        }

        private void OnRightFrame(BandSession band, byte flags, bool online, long nowMs)
        {
            byte[] frame = _event.Data;
            FrameType type = Frame.TypeOf(frame, 0);
            bool known = Frame.VersionOf(frame, 0) == Frame.Version && Frame.IsFromBand(type);
            if (known && type == FrameType.LinkChallenge)
            {
                if ((flags & Envelope.Advertised) == 0)
                {
                    OnChallenge(band, nowMs); // in an advertisement it is a replay: a band sends it over a link
                }

                return;
            }

            if (!known)
            {
                // The band is newer than this hub, or broken. The centre's quarantine decides, so no alarm is dropped
                // here.
                OnAlarmLane(band, Freshness.OlderBoot, flags, nowMs);
                return;
            }

            Lane lane = Frame.LaneOf(frame, 0);
            int boot = Frame.BootOf(frame, 0);
            int sequence = Frame.SequenceOf(frame, 0);
            Freshness freshness = band.Window(lane).Judge(boot, sequence);
            if (lane == Lane.Vitals && boot < band.AlarmWindow.Boot)
            {
                // Both lanes carry the same boot count. The alarm lane's window is kept on flash, so it knows the boot
                // even just after a start of this hub.
                freshness = Freshness.OlderBoot;
            }

            if (freshness == Freshness.New)
            {
                Alive(band, nowMs);
            }
            else
            {
                Repeats++;
            }

            if (type == FrameType.StageShown)
            {
                band.Down.StageShown(frame, 0);
            }

            if (lane == Lane.Alarm && type != FrameType.Status && type != FrameType.Vitals)
            {
                OnAlarmLane(band, freshness, flags, nowMs);
            }
            else if (freshness == Freshness.New)
            {
                band.Window(lane).Mark(boot, sequence);
                if (type == FrameType.Status)
                {
                    OnStatus(band, frame, nowMs);
                }

                _outbox.AddVitals(band.Address, band.RssiDbm, flags, online, nowMs, frame, 0);
            }
        }

        private void OnChallenge(BandSession band, long nowMs)
        {
            byte[] frame = _event.Data;
            int boot = Frame.BootOf(frame, 0);
            int sequence = Frame.SequenceOf(frame, 0);
            if (boot >= band.AlarmWindow.Boot && band.VitalsWindow.Judge(boot, sequence) == Freshness.New)
            {
                band.VitalsWindow.Mark(boot, sequence);
                band.IsProven = true;
                band.HeardUnder(_set);
            }

            band.TakeChallenge(frame, nowMs);
        }

        private void OnAlarmLane(BandSession band, Freshness freshness, byte flags, long nowMs)
        {
            byte[] frame = _event.Data;
            int index = _outbox.Alarms.Find(band.Address, frame, 0);
            if (index >= 0)
            {
                // The record still waits for the centre. If it is on flash, the band gets the same acknowledgement
                // again, and nothing else happens (P12).
                if (_outbox.Alarms.State(index) != RecordState.Pending)
                {
                    band.OweAck(frame, 0);
                }

                return;
            }

            bool isCall = AlarmLane.IsUrgent(Frame.TypeOf(frame, 0));
            FrameMemory memory = isCall ? _calls : _notes;
            bool isProven = band.IsProven && (flags & Envelope.Advertised) == 0;
            if (freshness != Freshness.New && !MustAskCentre(band, memory, isCall, isProven, nowMs))
            {
                return;
            }

            AgeQuality quality = AgeQuality.AtLeast;
            uint ageMs = (uint)band.OlderBootMs(frame, 0, nowMs);
            if (band.KnowsAge(frame, 0))
            {
                ageMs = band.AgeMs(frame, 0, nowMs);
                quality = AgeQuality.About;
            }

            if (_outbox.AddAlarm(band.Address, band.RssiDbm, flags, quality, ageMs, nowMs, frame, 0))
            {
                if (isCall)
                {
                    band.NoteCall(nowMs);
                }

                memory.Note(frame, 0);
            }
        }

        // The number was used, or the window cannot judge it. Where the same bytes were stored and have left the
        // outbox, the centre has them: the band has missed the answer and gets it again. If the hub no longer has the
        // centre's answer, it stores the frame as a record again, and the centre answers again; so it does with bytes
        // that it does not know, since a band's latch outlives its boots and the hub's memory. The number of such
        // records is limited, because a replay looks the same (P12, docs/adr/0055).
        private bool MustAskCentre(BandSession band, FrameMemory memory, bool isCall, bool isProven, long nowMs)
        {
            byte[] frame = _event.Data;
            if (memory.Holds(frame, 0))
            {
                band.OweAck(frame, 0);
                if (band.Down.OweAnswer(frame, 0))
                {
                    return false;
                }
            }
            else
            {
                band.Down.ForgetAnswer(frame, 0);
            }

            return _outbox.Alarms.Count < Outbox.AlarmCapacity / 2
                && memory.MayAsk(frame, 0, nowMs)
                && band.MayReadmit(isCall, isProven, nowMs);
        }

        private void OnWrongFrame(BandSession band, byte flags, bool advertised, long nowMs)
        {
            byte[] frame = _event.Data;
            BadFrames++;
            if (_event.Count == Frame.Size)
            {
                if (band.WasUnchecked(frame, 0))
                {
                    return;
                }

                band.NoteUnchecked(frame, 0);
            }

            if (band.Limiter.CountBad(nowMs) && nowMs >= band.TamperDueMs)
            {
                band.TamperDueMs = nowMs + TamperEveryMs;
                _reports.Add(TechnicalCode.Tamper, band.Address, nowMs);
            }

            if (band.Limiter.IsOver(nowMs))
            {
                // The sender loses its link and gets none for a minute; a right frame of the true band is still served,
                // and a call brings a link at once (P13).
                band.ConnectNotBeforeMs = nowMs + TamperEveryMs;
                if (!advertised)
                {
                    _radio.Disconnect(band.Address);
                }

                return;
            }

            // A frame that only a hub or the centre sends is a replay, not a call under other keys.
            FrameType type = Frame.TypeOf(frame, 0);
            bool fromBand = !Frame.IsFromCentre(type) && !Frame.IsFromHub(type)
                && type != FrameType.HubKey && type != FrameType.HubTechnical;
            bool mayBeCall = Frame.VersionOf(frame, 0) != Frame.Version
                || (Frame.LaneOf(frame, 0) == Lane.Alarm && fromBand);
            if (_event.Count != Frame.Size || !mayBeCall || _outbox.Alarms.Count >= Outbox.AlarmCapacity / 2)
            {
                return;
            }

            // The band may have keys of another epoch, and the frame may be a call. The centre can judge its own tag.
            _outbox.AddAlarm(band.Address, band.RssiDbm, flags, AgeQuality.AtLeast, 0, nowMs, frame, 0);
            if (nowMs >= band.KeyUnknownDueMs)
            {
                band.KeyUnknownDueMs = nowMs + KeyUnknownEveryMs;
                _reports.Add(TechnicalCode.LinkKeyUnknown, band.Address, nowMs);
            }
        }

        /// <summary>
        /// Takes the band's uptime. Ages of that boot become "about"; the ages of waiting records are computed when
        /// they are sent.
        /// </summary>
        private static void OnStatus(BandSession band, byte[] frame, long nowMs)
        {
            band.SetClock(Frame.BootOf(frame, 0), Payload.UptimeS(frame, 0), nowMs);
            band.Mode = Payload.StatusMode(frame, 0);
        }

        private void Alive(BandSession band, long nowMs)
        {
            band.HeardMs = nowMs;
            band.Heard = true;
            band.HeardUnder(_set);
            if (band.Silent)
            {
                band.Silent = false;
                _reports.Add(TechnicalCode.BandBack, band.Address, nowMs);
            }
        }
    }
}
