using System.Security.Cryptography.X509Certificates;
using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.Mqtt;
using ElderBand.Simulation;
using ElderBand.Simulator.Centre;

namespace ElderBand.Simulator.Soak;

/// <summary>
/// A hub and its band as the service sees them: MQTT over TLS, and frames with the band's true tags. Like the
/// firmware's outbox, the hub keeps a record until the centre's receipt and sends it every 5 s and over each new
/// connection. The firmware does not run here, because 1,000 hubs with it need more than one machine.
/// </summary>
public sealed class SoakHub
{
    private const int Boot = 1;
    private const int RetryMs = 5000;
    private const int BeatMs = 30_000;
    private const int SpreadMs = 20_000;
    private const int RssiDbm = -60;
    private const int BatteryPct = 80;
    private static readonly int[] WaitsMs = [500, 1000, 2000, 5000, 15_000];

    private readonly MqttAccount _account;
    private readonly long _address;
    private readonly BandKeys _keys = new();
    private readonly Tagger _tagger = new(new HmacSha256());
    private readonly SoakBook _book;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, Record> _waiting = [];
    private readonly SemaphoreSlim _wake = new(0);
    private readonly long _bootMs = Environment.TickCount64;
    private readonly Random _random;
    private MqttClient? _client;
    private int _nextAlarm;
    private int _nextVitals;
    private int _nextRecord;
    private int _nextBeatMs;

    /// <summary>A hub and one band.</summary>
    public SoakHub(EnrolledHome home, SoakBook book)
    {
        _account = home.Account;
        _address = home.Address;
        _keys.Derive(new HmacSha256(), home.Secret, home.Group, home.Epoch);
        _book = book;
        _random = new Random((int)home.Address);
        _nextBeatMs = _random.Next(BeatMs);
    }

    /// <summary>True: the hub is signed in and subscribed.</summary>
    public bool IsUp => _client is not null;

    /// <summary>Number of connections so far.</summary>
    public int Connections { get; private set; }

    /// <summary>The wearer presses the key.</summary>
    public void Press()
    {
        lock (_gate)
        {
            var frame = Begin(FrameType.Sos, Lane.Alarm, _nextAlarm);
            Payload.PutEvent(frame, UptimeS, AlarmFlags.Worn, BatteryPct, 0);
            Keep(frame, _book.Begin(_address, _nextAlarm++));
        }

        _wake.Release();
    }

    /// <summary>Ends the connection, as a router that restarts does.</summary>
    public void Drop()
    {
        if (_client is { } client)
        {
            _ = client.DisposeAsync().AsTask();
        }
    }

    /// <summary>Connects, sends and receives, and connects again after each loss, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var failures = 0;
        await Task.Delay(_random.Next(SpreadMs), cancellation);
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await using var client = await MqttClient.ConnectAsync(
                    "localhost", _account.Port, _account.Ca, Options(), cancellation);
                if (await client.SubscribeAsync(
                    $"eb1/{_account.CentreId}/{_account.HubId}/down/#", MqttQos.AtLeastOnce))
                {
                    failures = 0;
                    await ServeAsync(client, cancellation);
                }
            }
            catch (MqttConnectException)
            {
                failures++;
            }

            _client = null;
            var waitMs = WaitsMs[Math.Min(failures, WaitsMs.Length - 1)];
            await Task.Delay(_random.Next(waitMs / 2, waitMs), cancellation);
        }
    }

    private int UptimeS => (int)((Environment.TickCount64 - _bootMs) / 1000);

    private MqttClientOptions Options() => new()
    {
        ClientId = _account.HubId,
        UserName = _account.HubId,
        Password = _account.Password,
        KeepAliveS = 30,
        MessageReceived = Receive,
    };

    private async Task ServeAsync(MqttClient client, CancellationToken cancellation)
    {
        lock (_gate)
        {
            foreach (var record in _waiting.Values)
            {
                record.DueMs = 0;
            }
        }

        Send(client, "hello", Hello());
        _client = client;
        Connections++;
        while (!client.Closed.IsCompleted)
        {
            cancellation.ThrowIfCancellationRequested();
            while (NextEnvelope() is { } envelope)
            {
                Send(client, "alarm", envelope);
            }

            if (Environment.TickCount64 - _bootMs > _nextBeatMs)
            {
                _nextBeatMs += BeatMs;
                Send(client, "beat", Hello());
                Send(client, "vitals", Vitals());
            }

            await Task.WhenAny(_wake.WaitAsync(1000, cancellation), client.Closed);
        }
    }

    // The PUBACK is not awaited: a service that cannot commit sends none, and only the receipt ends a record (P24).
    private void Send(MqttClient client, string topic, byte[] payload) =>
        _ = client.PublishAsync(
        $"eb1/{_account.CentreId}/{_account.HubId}/up/{topic}", payload, MqttQos.AtLeastOnce);

    private byte[]? NextEnvelope()
    {
        lock (_gate)
        {
            var nowMs = Environment.TickCount64;
            var due = _waiting.Values.Where(r => r.DueMs <= nowMs).Take(Envelope.MaxRecords).ToList();
            if (due.Count == 0)
            {
                return null;
            }

            var envelope = BeginEnvelope();
            var size = 0;
            foreach (var record in due)
            {
                record.DueMs = nowMs + RetryMs;
                size = Add(envelope, record.Sequence, record.Frame, (uint)(nowMs - record.SinceMs));
            }

            return envelope[..size];
        }
    }

    private byte[] Hello()
    {
        var hello = new byte[HubMessage.HelloSize];
        HubMessage.PutHello(
            hello, Boot, (uint)UptimeS, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), 1, _waiting.Count,
            HubMessage.OnMains);
        return hello;
    }

    private byte[] Vitals()
    {
        lock (_gate)
        {
            var frame = Begin(FrameType.Vitals, Lane.Vitals, _nextVitals++);
            Payload.PutVitals(frame, 72, 90, 97, 0, 0, Wear.On, 0, false, 3);
            Sign(frame);
            var envelope = BeginEnvelope();
            return envelope[..Add(envelope, _nextRecord++, frame, 0)];
        }
    }

    private byte[] BeginEnvelope()
    {
        var envelope = new byte[Envelope.MaxSize];
        Envelope.Begin(envelope, Boot, (uint)UptimeS, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        return envelope;
    }

    private int Add(byte[] envelope, int sequence, byte[] frame, uint ageMs) => Envelope.Add(
        envelope, Boot, sequence, _address, RssiDbm, Envelope.LinkChecked, AgeQuality.Measured, ageMs, frame, 0);

    private static byte[] Begin(FrameType type, Lane lane, int sequence)
    {
        var frame = new byte[Frame.Size];
        Frame.Begin(frame, type, lane, Boot, sequence);
        return frame;
    }

    private void Sign(byte[] frame)
    {
        _tagger.SignCentre(_keys.CentreUp, frame);
        _tagger.SignLink(_keys.LinkUp, frame);
    }

    private void Keep(byte[] frame, SoakPress? press)
    {
        Sign(frame);
        var record = new Record(_nextRecord++, frame, press);
        _waiting.Add(record.Sequence, record);
    }

    private void Receive(string topic, ReadOnlyMemory<byte> payload)
    {
        var data = payload.ToArray();
        switch (TopicNames.Down(topic))
        {
            case UplinkTopic.Receipt when HubMessage.ReceiptIsValid(data, data.Length):
                TakeReceipts(data);
                break;
            case UplinkTopic.Band when HubMessage.BandFramesIsValid(data, data.Length):
                for (var i = 0; i < data[1]; i++)
                {
                    TakeBandFrame(data.AsSpan(HubMessage.BandHeaderSize + (i * HubMessage.BandFrameSize) + 6,
                        Frame.Size).ToArray());
                }

                break;
        }
    }

    private void TakeReceipts(byte[] data)
    {
        lock (_gate)
        {
            for (var i = 0; i < data[9]; i++)
            {
                var at = HubMessage.ReceiptHeaderSize + (i * HubMessage.ReceiptSize);
                if (_waiting.Remove(Bytes.GetU16(data, at + 3), out var record) && record.Press is { } press)
                {
                    press.ReceiptUs = World.MonotonicUs();
                }
            }
        }
    }

    // The band confirms each stage, because the centre repeats a stage until it is confirmed.
    private void TakeBandFrame(byte[] frame)
    {
        if (Frame.TypeOf(frame, 0) != FrameType.Stage)
        {
            return;
        }

        lock (_gate)
        {
            var shown = Begin(FrameType.StageShown, Lane.Alarm, _nextAlarm++);
            Payload.PutStageShown(
                shown, Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0), Payload.StageOf(frame, 0));
            Keep(shown, null);
        }

        _wake.Release();
    }

    private sealed class Record(int sequence, byte[] frame, SoakPress? press)
    {
        public int Sequence { get; } = sequence;

        public byte[] Frame { get; } = frame;

        public SoakPress? Press { get; } = press;

        public long SinceMs { get; } = Environment.TickCount64;

        public long DueMs { get; set; }
    }
}
