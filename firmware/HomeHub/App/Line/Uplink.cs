using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>Where the line to the centre stands.</summary>
    public enum UplinkState : byte
    {
        /// <summary>Waiting before the next attempt.</summary>
        Waiting = 0,

        /// <summary>An attempt runs; on the device it may freeze every thread, hence the mark on flash.</summary>
        Connecting = 1,

        /// <summary>Signed in.</summary>
        Online = 2,
    }

    /// <summary>
    /// The line: when to try, what to send first, when to send again. A PUBACK is no receipt (P24, P26): alarms wait for
    /// the centre's own; vitals are content with the PUBACK.
    /// </summary>
    public sealed class Uplink
    {
        /// <summary>Milliseconds between beats (silence of 60 s is the centre's business).</summary>
        public const long BeatMs = 30000;

        private const long AttemptLimitMs = 120000;
        private const long DeafLimitMs = 75000;
        private const int AlarmsInFlight = 64;
        private const int VitalsMessagesInFlight = 2;
        private const long VitalsTimeoutMs = 20000;
        private const int Firmware = 0x0001;

        private readonly IUplink _port;
        private readonly IClock _clock;
        private readonly Outbox _outbox;
        private readonly BandTable _bands;
        private readonly LineAttempts _attempts;
        private readonly byte[] _message = new byte[Envelope.MaxSize];
        private readonly byte[] _hello = new byte[HubMessage.HelloSize];
        private readonly int[] _vitalsMessages = new int[VitalsMessagesInFlight];
        private readonly long[] _vitalsSentMs = new long[VitalsMessagesInFlight];
        private long _sinceMs;
        private bool _helloOwed;
        private long _beatDueMs;
        private long _answeredMs;
        private long _retryPublishMs;

        /// <summary>Takes all memory it will ever use.</summary>
        public Uplink(IUplink port, IFlash flash, IClock clock, Outbox outbox, BandTable bands)
        {
            _port = port;
            _clock = clock;
            _outbox = outbox;
            _bands = bands;
            _attempts = new LineAttempts(flash, outbox, bands);
        }

        /// <summary>Where the line stands.</summary>
        public UplinkState State { get; private set; }

        /// <summary>Signed in.</summary>
        public bool Online
        {
            get { return State == UplinkState.Online; }
        }

        /// <summary>On mains, for hello and beat.</summary>
        public bool OnMains { get; set; }

        /// <summary>After a boot.</summary>
        public void Start(WakeCause cause, long nowMs)
        {
            State = UplinkState.Waiting;
            _attempts.Start(cause, nowMs);
        }

        /// <summary>True while the line is heard: no attempt has been out for over two minutes without an outcome.</summary>
        public bool IsHeard(long nowMs)
        {
            return State != UplinkState.Connecting || nowMs - _sinceMs < AttemptLimitMs;
        }

        /// <summary>Signed in, or the line is gone.</summary>
        public void OnLine(bool up, long nowMs)
        {
            if (up)
            {
                Enter(UplinkState.Online, nowMs);
                _attempts.Succeed();
                _helloOwed = true;
                _beatDueMs = nowMs + BeatMs;
                _answeredMs = nowMs;
                _retryPublishMs = nowMs;
            }
            else if (State != UplinkState.Waiting)
            {
                Enter(UplinkState.Waiting, nowMs);
                _attempts.Fail(nowMs);
            }

            _outbox.Alarms.AllDue();
            _outbox.Vitals.AllDue();
            for (int i = 0; i < _vitalsMessages.Length; i++)
            {
                _vitalsMessages[i] = 0;
            }
        }

        /// <summary>PUBACK: proof of life, and the end of a vitals message. Unknown, late or doubled ids change nothing (P26).</summary>
        public void OnPublished(int message, long nowMs)
        {
            _answeredMs = nowMs;
            for (int i = 0; i < _vitalsMessages.Length; i++)
            {
                if (message != 0 && _vitalsMessages[i] == message)
                {
                    _vitalsMessages[i] = 0;
                    RecordStore vitals = _outbox.Vitals;
                    for (int r = 0; r < vitals.End; r++)
                    {
                        if (vitals.State(r) != RecordState.Free && vitals.Message(r) == message)
                        {
                            vitals.Remove(r);
                        }
                    }
                }
            }
        }

        /// <summary>Anything from the centre is proof of life.</summary>
        public void OnAnswer(long nowMs)
        {
            _answeredMs = nowMs;
        }

        /// <summary>Acts on what is due; returns milliseconds until it wants to be called again.</summary>
        public int Step(long nowMs)
        {
            switch (State)
            {
                case UplinkState.Waiting:
                    long attemptMs = _attempts.NextMs;
                    if (nowMs >= attemptMs)
                    {
                        _attempts.Begin();
                        Enter(UplinkState.Connecting, nowMs);
                        _port.Connect();
                        return 1000;
                    }

                    return Until(attemptMs, nowMs);

                case UplinkState.Online:
                    if (nowMs - _answeredMs > DeafLimitMs)
                    {
                        // Half-open: the beats go out and nothing comes back.
                        _port.Disconnect();
                        OnLine(false, nowMs);
                        return 1000;
                    }

                    return Send(nowMs);

                default:
                    return 1000;
            }
        }

        private int Send(long nowMs)
        {
            if (nowMs < _retryPublishMs)
            {
                return Until(_retryPublishMs, nowMs);
            }

            if (_helloOwed)
            {
                if (!PublishHello(UplinkTopic.Hello, nowMs))
                {
                    return Refused(nowMs);
                }

                _helloOwed = false;
            }

            if (nowMs >= _beatDueMs)
            {
                if (!PublishHello(UplinkTopic.Beat, nowMs))
                {
                    return Refused(nowMs);
                }

                _beatDueMs = nowMs + BeatMs;
            }

            long wakeMs = _beatDueMs;
            if (_outbox.Alarms.Count > 0)
            {
                // Calls for help first, whatever waits beside them.
                bool refused = false;
                while (!refused && SendAlarms(true, nowMs, ref refused))
                {
                }

                while (!refused && SendAlarms(false, nowMs, ref refused))
                {
                }

                if (refused)
                {
                    return Refused(nowMs);
                }

                wakeMs = EarliestAlarm(nowMs, wakeMs);
            }

            while (SendVitals(nowMs))
            {
            }

            return Until(wakeMs, nowMs);
        }

        private int Refused(long nowMs)
        {
            _retryPublishMs = nowMs + 200;
            return 200;
        }

        private bool PublishHello(UplinkTopic topic, long nowMs)
        {
            int flags = (OnMains ? HubMessage.OnMains : 0) | (_bands.IsKnown ? 0 : HubMessage.StoreEmpty);
            int size = HubMessage.PutHello(
                _hello,
                _outbox.Boot,
                (uint)(nowMs / 1000),
                _clock.WallMs(),
                Firmware,
                _outbox.Alarms.Count,
                (byte)flags);
            return _port.Publish(topic, _hello, size) != 0;
        }

        /// <summary>Sends one envelope of alarms that are due; false where there is none or no room in flight.</summary>
        private bool SendAlarms(bool urgent, long nowMs, ref bool refused)
        {
            RecordStore alarms = _outbox.Alarms;
            int room = AlarmsInFlight - InFlight(urgent, nowMs);
            Envelope.Begin(_message, _outbox.Boot, (uint)(nowMs / 1000), _clock.WallMs());
            int size = 0;
            for (int i = 0; i < alarms.End && room > 0 && Envelope.Count(_message) < Envelope.MaxRecords; i++)
            {
                if (IsDue(i, urgent, nowMs))
                {
                    size = alarms.AddTo(_message, i, nowMs);
                    room--;
                }
            }

            if (size <= 0)
            {
                return false;
            }

            int message = _port.Publish(UplinkTopic.Alarm, _message, size);
            if (message == 0)
            {
                refused = true;
                return false;
            }

            int left = Envelope.Count(_message);
            for (int i = 0; i < alarms.End && left > 0; i++)
            {
                if (IsDue(i, urgent, nowMs))
                {
                    alarms.Sent(i, message, nowMs + (alarms.Attempts(i) == 0 ? 5000 : 15000));
                    left--;
                }
            }

            return true;
        }

        private bool IsDue(int index, bool urgent, long nowMs)
        {
            RecordStore alarms = _outbox.Alarms;
            return alarms.State(index) != RecordState.Free
                && alarms.DueMs(index) <= nowMs
                && Outbox.IsUrgent(alarms.TypeOf(index)) == urgent;
        }

        /// <summary>Counted apart, so that a backlog of notes never fills the window of the calls for help.</summary>
        private int InFlight(bool urgent, long nowMs)
        {
            RecordStore alarms = _outbox.Alarms;
            int count = 0;
            for (int i = 0; i < alarms.End; i++)
            {
                if (alarms.State(i) != RecordState.Free
                    && alarms.DueMs(i) > nowMs
                    && Outbox.IsUrgent(alarms.TypeOf(i)) == urgent)
                {
                    count++;
                }
            }

            return count;
        }

        private long EarliestAlarm(long nowMs, long wakeMs)
        {
            RecordStore alarms = _outbox.Alarms;
            for (int i = 0; i < alarms.End; i++)
            {
                // What is due but found no room in flight waits for a receipt, which is an event.
                if (alarms.State(i) != RecordState.Free && alarms.DueMs(i) > nowMs && alarms.DueMs(i) < wakeMs)
                {
                    wakeMs = alarms.DueMs(i);
                }
            }

            return wakeMs;
        }

        private bool SendVitals(long nowMs)
        {
            RecordStore vitals = _outbox.Vitals;
            int slot = -1;
            for (int i = 0; i < _vitalsMessages.Length; i++)
            {
                if (_vitalsMessages[i] != 0 && nowMs - _vitalsSentMs[i] > VitalsTimeoutMs)
                {
                    _vitalsMessages[i] = 0;
                }

                if (_vitalsMessages[i] == 0)
                {
                    slot = i;
                }
            }

            if (slot < 0 || vitals.Count == 0)
            {
                return false;
            }

            Envelope.Begin(_message, _outbox.Boot, (uint)(nowMs / 1000), _clock.WallMs());
            int size = 0;
            for (int i = 0; i < vitals.End && Envelope.Count(_message) < Envelope.MaxRecords; i++)
            {
                if (vitals.State(i) != RecordState.Free && vitals.DueMs(i) <= nowMs)
                {
                    size = vitals.AddTo(_message, i, nowMs);
                }
            }

            if (size <= 0)
            {
                return false;
            }

            int message = _port.Publish(UplinkTopic.Vitals, _message, size);
            if (message == 0)
            {
                _retryPublishMs = nowMs + 200;
                return false;
            }

            int left = Envelope.Count(_message);
            for (int i = 0; i < vitals.End && left > 0; i++)
            {
                if (vitals.State(i) != RecordState.Free && vitals.DueMs(i) <= nowMs)
                {
                    vitals.Sent(i, message, nowMs + VitalsTimeoutMs);
                    left--;
                }
            }

            _vitalsMessages[slot] = message;
            _vitalsSentMs[slot] = nowMs;
            return true;
        }

        private void Enter(UplinkState state, long nowMs)
        {
            State = state;
            _sinceMs = nowMs;
        }

        private static int Until(long atMs, long nowMs)
        {
            long wait = atMs - nowMs;
            return wait < 0 ? 0 : wait > 60000 ? 60000 : (int)wait;
        }
    }
}
