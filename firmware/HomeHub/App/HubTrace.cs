using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Notes in the trace what a technician asks for after a reset. It compares after each step, so no other part has
    /// to know of the trace.
    /// </summary>
    public sealed class HubTrace
    {
        private readonly TraceRing _ring;
        private readonly Outbox _outbox;
        private readonly Uplink _uplink;
        private readonly Links _links;
        private int _used;
        private int _radioRestarts;
        private bool _online;
        private FlashResult _flash;

        /// <summary>Watches these parts of a hub.</summary>
        public HubTrace(TraceRing ring, Outbox outbox, Uplink uplink, Links links)
        {
            _ring = ring;
            _outbox = outbox;
            _uplink = uplink;
            _links = links;
        }

        /// <summary>A boot has begun; what the last boot left is loaded.</summary>
        public void Start(WakeCause cause, long nowMs)
        {
            _ring.Add(TraceKind.Boot, (int)cause, _outbox.Boot & 0xFFFF, nowMs);
        }

        /// <summary>The hub restarts itself now: the trace goes to flash first.</summary>
        public void Restart(RestartReason reason, long nowMs)
        {
            _ring.Add(TraceKind.Restart, (int)reason, 0, nowMs);
            _uplink.SaveTrace();
        }

        /// <summary>Notes what has changed since the last step.</summary>
        public void Step(int radioRestarts, long nowMs)
        {
            if (_uplink.Online != _online)
            {
                _online = _uplink.Online;
                _ring.Add(_online ? TraceKind.LineUp : TraceKind.LineDown, 0, 0, nowMs);
            }

            if (_links.Used != _used)
            {
                _ring.Add(_links.Used > _used ? TraceKind.LinkUp : TraceKind.LinkDown, _links.Used, 0, nowMs);
                _used = _links.Used;
            }

            if (radioRestarts != _radioRestarts)
            {
                _radioRestarts = radioRestarts;
                _ring.Add(TraceKind.RadioRestart, radioRestarts, 0, nowMs);
            }

            FlashResult flash = _outbox.FlashState;
            if (flash != _flash)
            {
                bool works = flash == FlashResult.Ok;
                int waiting = _outbox.Alarms.PendingCount;
                _ring.Add(works ? TraceKind.FlashWorks : TraceKind.FlashFault, (int)flash, waiting, nowMs);
                _flash = flash;
            }
        }
    }
}
