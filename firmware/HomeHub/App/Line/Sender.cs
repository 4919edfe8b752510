using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Sends the messages while the line is up, in this order: hello, beat, calls for help, notes, vitals, the trace. A
    /// PUBACK is no receipt (P24, P26): alarms wait for the centre's own receipt, while vitals need the PUBACK only.
    /// </summary>
    public sealed class Sender
    {
        /// <summary>Milliseconds between beats (silence of 60 s is the centre's business).</summary>
        public const long BeatMs = 30000;

        private const long HelloAgainMs = 10000;
        private const int AlarmsInFlight = 64;
        private const int VitalsMessagesInFlight = 2;
        private const int EnvelopesPerStep = 8;
        private const long FirstRetryMs = 5000;
        private const long RetryMs = 15000;
        private const long VitalsTimeoutMs = 20000;
        private const long RefusedMs = 200;
        private const int Firmware = 0x0001;

        private readonly IUplink _port;
        private readonly IClock _clock;
        private readonly Outbox _outbox;
        private readonly BandTable _bands;
        private readonly TraceRing _trace;
        private readonly byte[] _message = new byte[Envelope.MaxSize];
        private readonly int[] _picked = new int[Envelope.MaxRecords];
        private readonly byte[] _hello = new byte[HubMessage.HelloSize];
        private readonly int[] _vitalsMessages = new int[VitalsMessagesInFlight];
        private readonly long[] _vitalsSentMs = new long[VitalsMessagesInFlight];
        private int _size;
        private bool _helloOwed;
        private long _helloNotBeforeMs;
        private bool _traceOwed;
        private byte _traceAsk;
        private bool _refused;
        private long _beatDueMs;
        private long _retryMs;

        /// <summary>Allocates all memory that the sender will use.</summary>
        public Sender(IUplink port, IClock clock, Outbox outbox, BandTable bands, TraceRing trace)
        {
            _trace = trace;
            _port = port;
            _clock = clock;
            _outbox = outbox;
            _bands = bands;
        }

        /// <summary>On mains, for hello and beat.</summary>
        public bool OnMains { get; set; }

        /// <summary>The line came up or went down: from now on no earlier message counts as sent.</summary>
        public void OnLine(long nowMs)
        {
            _helloOwed = true;
            _helloNotBeforeMs = nowMs;
            _traceOwed = false; // the centre asks again after the hello
            _beatDueMs = nowMs + BeatMs;
            _retryMs = nowMs;
            _outbox.Alarms.Queues.AllUnsent();
            _outbox.Vitals.Queues.AllUnsent();
            for (int i = 0; i < _vitalsMessages.Length; i++)
            {
                _vitalsMessages[i] = 0;
            }
        }

        /// <summary>Sends the hello once more on this connection, at most every 10 s.</summary>
        public void OweHello()
        {
            _helloOwed = true;
        }

        /// <summary>PUBACK: the end of a vitals message. Unknown, late or doubled ids change nothing (P26).</summary>
        public void OnPublished(int message)
        {
            for (int i = 0; i < _vitalsMessages.Length; i++)
            {
                if (message != 0 && _vitalsMessages[i] == message)
                {
                    _vitalsMessages[i] = 0;
                    for (int queue = 1; queue <= VitalsLane.QueueCount; queue++)
                    {
                        RemoveSent(queue, message);
                    }
                }
            }
        }

        /// <summary>The centre asks for the trace; the newest question is answered once.</summary>
        public void OweTrace(byte ask, long nowMs)
        {
            _trace.Add(TraceKind.Asked, ask, 0, nowMs);
            _traceAsk = ask;
            _traceOwed = true;
        }

        /// <summary>Sends what is due; milliseconds until there is more to send.</summary>
        public long Step(long nowMs)
        {
            if (nowMs < _retryMs)
            {
                return _retryMs - nowMs;
            }

            _refused = false;
            if (_helloOwed && nowMs >= _helloNotBeforeMs && PublishHello(UplinkTopic.Hello, nowMs))
            {
                _helloOwed = false;
                _helloNotBeforeMs = nowMs + HelloAgainMs;
            }

            if (!_refused && nowMs >= _beatDueMs && PublishHello(UplinkTopic.Beat, nowMs))
            {
                _beatDueMs = nowMs + BeatMs;
            }

            long wakeMs = _helloOwed && _helloNotBeforeMs < _beatDueMs ? _helloNotBeforeMs : _beatDueMs;
            int envelopes = 0;
            for (int queue = 1; queue <= AlarmLane.QueueCount && !_refused; queue++)
            {
                // Each queue has its own window, so that a backlog of notes never fills that of the calls for help.
                while (envelopes < EnvelopesPerStep && SendAlarms(queue, nowMs))
                {
                    envelopes++;
                }

                wakeMs = Earliest(queue, nowMs, wakeMs);
            }

            while (!_refused && envelopes < EnvelopesPerStep && SendVitals(nowMs))
            {
                envelopes++;
            }

            if (_traceOwed && !_refused && envelopes < EnvelopesPerStep)
            {
                _size = TraceMessage.PutAnswer(_message, _traceAsk, _trace);
                _traceOwed = Publish(UplinkTopic.Trace) == 0;
            }

            if (_refused)
            {
                _retryMs = nowMs + RefusedMs;
                return RefusedMs;
            }

            return envelopes == EnvelopesPerStep ? 0 : wakeMs - nowMs;
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
            _refused = _port.Publish(topic, _hello, size) == 0;
            return !_refused;
        }

        /// <summary>
        /// Sends one envelope of a queue of the alarm lane; false where nothing is due or the line refused.
        /// </summary>
        private bool SendAlarms(int queue, long nowMs)
        {
            AlarmLane alarms = _outbox.Alarms;
            if (alarms.Queues.Count(queue) == 0)
            {
                return false;
            }

            Begin(nowMs);
            Pick(alarms, queue, AlarmsInFlight, nowMs);
            int message = Publish(UplinkTopic.Alarm);
            for (int i = 0; message != 0 && i < Envelope.Count(_message); i++)
            {
                int slot = _picked[i];
                long waitMs = alarms.Queues.Attempts(slot) == 0 ? FirstRetryMs : RetryMs;
                alarms.Queues.Sent(slot, message, nowMs + waitMs);
            }

            return message != 0;
        }

        private bool SendVitals(long nowMs)
        {
            VitalsLane vitals = _outbox.Vitals;
            int place = FreePlace(nowMs);
            if (place < 0 || vitals.Count == 0)
            {
                return false;
            }

            Begin(nowMs);
            for (int queue = 1; queue <= VitalsLane.QueueCount; queue++)
            {
                Pick(vitals, queue, vitals.Capacity, nowMs);
            }

            int message = Publish(UplinkTopic.Vitals);
            if (message == 0)
            {
                return false;
            }

            for (int i = 0; i < Envelope.Count(_message); i++)
            {
                vitals.Queues.Sent(_picked[i], message, nowMs + VitalsTimeoutMs);
            }

            _vitalsMessages[place] = message;
            _vitalsSentMs[place] = nowMs;
            return true;
        }

        /// <summary>A place for one more vitals message in flight, -1 for none.</summary>
        private int FreePlace(long nowMs)
        {
            int place = -1;
            for (int i = 0; i < _vitalsMessages.Length; i++)
            {
                if (_vitalsMessages[i] != 0 && nowMs - _vitalsSentMs[i] > VitalsTimeoutMs)
                {
                    _vitalsMessages[i] = 0;
                }

                if (_vitalsMessages[i] == 0)
                {
                    place = i;
                }
            }

            return place;
        }

        private void Begin(long nowMs)
        {
            Envelope.Begin(_message, _outbox.Boot, (uint)(nowMs / 1000), _clock.WallMs());
            _size = 0;
        }

        /// <summary>Fills the envelope from a queue: first what is due again, then what was never sent.</summary>
        private void Pick(RecordTable lane, int queue, int window, long nowMs)
        {
            SendQueues queues = lane.Queues;
            int sent = queues.SentCount(queue);
            int slot = sent > 0 ? queues.First(queue) : -1;
            for (int i = 0; i < sent && Envelope.Count(_message) < Envelope.MaxRecords; i++)
            {
                if (queues.DueMs(slot) <= nowMs)
                {
                    Take(lane, slot, nowMs);
                }

                slot = queues.Next(slot);
            }

            slot = queues.FirstUnsent(queue);
            while (slot >= 0 && sent < window && Envelope.Count(_message) < Envelope.MaxRecords)
            {
                Take(lane, slot, nowMs);
                slot = queues.Next(slot);
                sent++;
            }
        }

        private void Take(RecordTable lane, int slot, long nowMs)
        {
            if (lane.Quality(slot) == AgeQuality.AtLeast)
            {
                LearnAge(lane, slot, nowMs);
            }

            _picked[Envelope.Count(_message)] = slot;
            _size = lane.AddTo(_message, slot, nowMs);
        }

        /// <summary>
        /// The band may have told its uptime since the record arrived. The age is computed here, because computing the
        /// ages of all waiting records on each status would hold the loop.
        /// </summary>
        private void LearnAge(RecordTable lane, int slot, long nowMs)
        {
            BandSession band = _bands.Find(lane.Address(slot));
            int frame = lane.FrameAt(slot);
            if (band == null)
            {
                return;
            }

            long waitedMs = nowMs - lane.ReceivedMs(slot);
            if (band.KnowsAge(lane.Data, frame))
            {
                long ageMs = band.AgeMs(lane.Data, frame, nowMs) - waitedMs;
                lane.SetAge(slot, ageMs < 0 ? 0 : (uint)ageMs, AgeQuality.About);
                return;
            }

            long leastMs = band.OlderBootMs(lane.Data, frame, nowMs);
            if (leastMs > lane.AgeMs(slot, nowMs))
            {
                lane.SetAge(slot, (uint)(leastMs - waitedMs), AgeQuality.AtLeast);
            }
        }

        /// <summary>The message's id, 0 where it is empty or the line refused.</summary>
        private int Publish(UplinkTopic topic)
        {
            if (_size == 0)
            {
                return 0;
            }

            int message = _port.Publish(topic, _message, _size);
            _refused = message == 0;
            return message;
        }

        /// <summary>
        /// When the first of a queue's sent records is due again, where that is before the given time.
        /// </summary>
        private long Earliest(int queue, long nowMs, long wakeMs)
        {
            SendQueues queues = _outbox.Alarms.Queues;
            int slot = queues.First(queue);
            for (int i = queues.SentCount(queue); i > 0; i--)
            {
                // A record that is due but finds the window full waits for a receipt, which arrives as an event.
                long dueMs = queues.DueMs(slot);
                wakeMs = dueMs > nowMs && dueMs < wakeMs ? dueMs : wakeMs;
                slot = queues.Next(slot);
            }

            return wakeMs;
        }

        private void RemoveSent(int queue, int message)
        {
            SendQueues queues = _outbox.Vitals.Queues;
            int slot = queues.First(queue);
            for (int i = queues.SentCount(queue); i > 0; i--)
            {
                int next = queues.Next(slot);
                if (queues.Message(slot) == message)
                {
                    _outbox.Vitals.Remove(slot);
                }

                slot = next;
            }
        }
    }
}
