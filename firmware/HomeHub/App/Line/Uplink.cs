using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>State of the line to the centre.</summary>
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
    /// Tracks whether the line is up and when it counts as dead. <see cref="LineAttempts"/> decides when to connect;
    /// <see cref="Sender"/> decides what to send.
    /// </summary>
    public sealed class Uplink
    {
        private const long AttemptLimitMs = 120000;
        private const long DeafLimitMs = 75000;

        private readonly IUplink _port;
        private readonly TimeKeeper _time;
        private readonly Sender _sender;
        private readonly LineAttempts _attempts;
        private readonly EventRing _ring;
        private long _sinceMs;
        private long _answeredMs;
        private int _dropped;

        /// <summary>Allocates all memory that the uplink will use.</summary>
        public Uplink(HubPorts ports, TimeKeeper time, Outbox outbox, BandTable bands, TraceRing trace)
        {
            _port = ports.Uplink;
            _ring = ports.Downlinks;
            _time = time;
            _sender = new Sender(ports.Uplink, ports.Clock, outbox, bands, trace);
            _attempts = new LineAttempts(ports.Flash, outbox, bands, trace);
        }

        /// <summary>State of the line.</summary>
        public UplinkState State { get; private set; }

        /// <summary>Signed in.</summary>
        public bool Online
        {
            get { return State == UplinkState.Online; }
        }

        /// <summary>On mains, for hello and beat.</summary>
        public bool OnMains
        {
            get { return _sender.OnMains; }
            set { _sender.OnMains = value; }
        }

        /// <summary>After a boot.</summary>
        public void Start(WakeCause cause, long nowMs)
        {
            State = UplinkState.Waiting;
            _attempts.Start(cause, nowMs);
        }

        /// <summary>The centre asks for the trace.</summary>
        public void AskForTrace(byte ask, long nowMs)
        {
            _sender.OweTrace(ask, nowMs);
        }

        /// <summary>Writes the end of the trace to flash.</summary>
        public void SaveTrace()
        {
            _attempts.Save();
        }

        /// <summary>
        /// True while the line is heard: no attempt has been out for over two minutes without an outcome.
        /// </summary>
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
                _answeredMs = nowMs;
            }
            else if (State != UplinkState.Waiting)
            {
                Enter(UplinkState.Waiting, nowMs);
                _attempts.Fail(nowMs);
            }

            _sender.OnLine(nowMs);
        }

        /// <summary>PUBACK: shows that the line works, and ends a vitals message.</summary>
        public void OnPublished(int message, long nowMs)
        {
            _answeredMs = nowMs;
            _sender.OnPublished(message);
        }

        /// <summary>Any message from the centre shows that the line works.</summary>
        public void OnAnswer(long nowMs)
        {
            _answeredMs = nowMs;
        }

        /// <summary>Does what is due; returns the milliseconds until the next call.</summary>
        public int Step(long nowMs)
        {
            switch (State)
            {
                case UplinkState.Waiting:
                    long attemptMs = _attempts.NextMs;
                    if (nowMs >= attemptMs)
                    {
                        _attempts.Begin();
                        _time.BeginAttempt(nowMs);
                        Enter(UplinkState.Connecting, nowMs);
                        _port.Connect();
                        return 1000;
                    }

                    return Until(attemptMs, nowMs);

                case UplinkState.Online:
                    if (nowMs - _answeredMs > DeafLimitMs)
                    {
                        // The connection is half-open: beats go out and nothing comes back.
                        _port.Disconnect();
                        OnLine(false, nowMs);
                        return 1000;
                    }

                    if (_ring.Dropped != _dropped)
                    {
                        // The full ring has dropped a message of the centre. After a hello the centre sends all
                        // messages again (P26).
                        _dropped = _ring.Dropped;
                        _sender.OweHello();
                    }

                    return Until(nowMs + _sender.Step(nowMs), nowMs);

                default:
                    return 1000;
            }
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
