using System.Security.Cryptography;
using ElderBand.BandProtocol;
using ElderBand.HomeHub;

namespace ElderBand.Tests.HomeHub;

/// <summary>Ports that allocate nothing themselves once warm, so that what is left is the hub's own.</summary>
public sealed class QuietPorts : IHubLink, IUplink, IFlash, IMac
{
    private readonly byte[] _receipt = new byte[HubMessage.MaxDownSize];
    private readonly byte[] _store = new byte[64 * 8192];
    private readonly int[] _lengths = new int[64];
    private readonly string?[] _names = new string?[64];
    private readonly byte[] _none = [];
    private int _receiptSize;
    private int _id;
    private int _published;
    private bool _connecting;

    public FakeClock Clock { get; } = new();

    public EventRing Events { get; } = new(32, Frame.Size);

    public EventRing Downlinks { get; } = new(8, HubMessage.MaxDownSize);

    public int Published => _published;

    public Hub Start(HubRig table)
    {
        Hub hub = new(
            new HubPorts
            {
                Radio = this,
                Uplink = this,
                Flash = this,
                Clock = Clock,
                Mac = this,
                Power = new FakePower(),
                Key = new FakePin(),
                Buzzer = new FakePin(),
                Light = new FakePin(),
                Events = Events,
                Downlinks = Downlinks,
            },
            HubRig.BuildDateMs);
        hub.Start(0);
        BandKeys keys = new();
        keys.Derive(new HostMac(), SHA256.HashData(BitConverter.GetBytes(table.Band.Address)), 7, 1);
        int size = HubMessage.BeginBands(_receipt, HubRig.BuildDateMs);
        size = HubMessage.AddBand(_receipt, table.Band.Address, 7, 1, keys);
        size.ShouldBePositive();
        Downlinks.Enqueue(EventKind.Downlink, 0, 0, (int)UplinkTopic.Bands, _receipt, size);
        HubMessage.BeginReceipt(_receipt, 0);
        for (int i = 0; i < 5; i++)
        {
            Clock.Now += 1000;
            hub.Step(Clock.Now);
            Answer(Clock.Now);
        }

        hub.Online.ShouldBeTrue();
        return hub;
    }

    /// <summary>What the world says in answer to what the hub did.</summary>
    public void Answer(long nowMs)
    {
        if (_connecting)
        {
            _connecting = false;
            Downlinks.Enqueue(EventKind.UplinkUp, nowMs, 0, 0, _none, 0);
        }

        if (_id != _published)
        {
            _published = _id;
            Downlinks.Enqueue(EventKind.Published, nowMs, 0, _id, _none, 0);
        }

        if (_receiptSize > 0)
        {
            Downlinks.Enqueue(EventKind.Downlink, nowMs, 0, (int)UplinkTopic.Receipt, _receipt, _receiptSize);
            _receiptSize = 0;
        }
    }

    public void Scan()
    {
    }

    public SendResult Connect(long address) => SendResult.Busy;

    public SendResult Write(long address, byte[] frame) => SendResult.NotConnected;

    public void Disconnect(long address)
    {
    }

    public void Restart()
    {
    }

    void IUplink.Connect() => _connecting = true;

    void IUplink.Disconnect()
    {
    }

    public int Publish(UplinkTopic topic, byte[] payload, int count)
    {
        if (topic == UplinkTopic.Alarm)
        {
            HubMessage.BeginReceipt(_receipt, HubRig.BuildDateMs + Clock.Now);
            for (int i = 0; i < Envelope.Count(payload); i++)
            {
                int at = Envelope.RecordAt(i);
                _receiptSize = HubMessage.AddReceipt(_receipt, Envelope.RecordBoot(payload, at), Envelope.RecordSequence(payload, at));
            }
        }

        return ++_id;
    }

    public int Length(string name)
    {
        int file = FileOf(name, create: false);
        return file < 0 ? -1 : _lengths[file];
    }

    public int Read(string name, int offset, byte[] buffer, int count)
    {
        int file = FileOf(name, create: false);
        if (file < 0)
        {
            return -1;
        }

        int length = Math.Min(count, _lengths[file] - offset);
        Array.Copy(_store, (file * 8192) + offset, buffer, 0, length);
        return length;
    }

    public FlashResult Write(string name, byte[] data, int count)
    {
        _lengths[FileOf(name, create: true)] = 0;
        return Append(name, data, count);
    }

    public FlashResult Append(string name, byte[] data, int count)
    {
        int file = FileOf(name, create: true);
        Array.Copy(data, 0, _store, (file * 8192) + _lengths[file], count);
        _lengths[file] += count;
        return FlashResult.Ok;
    }

    public FlashResult Delete(string name)
    {
        int file = FileOf(name, create: false);
        if (file >= 0)
        {
            _names[file] = null;
        }

        return FlashResult.Ok;
    }

    public int FreeBytes() => 100_000;

    public void HmacSha256(byte[] key, byte[] data, int count, byte[] digest) =>
        HMACSHA256.HashData(key, data.AsSpan(0, count), digest);

    private int FileOf(string name, bool create)
    {
        int free = -1;
        for (int i = 0; i < _names.Length; i++)
        {
            if (_names[i] == name)
            {
                return i;
            }

            free = free < 0 && _names[i] is null ? i : free;
        }

        if (create)
        {
            _names[free] = name;
            _lengths[free] = 0;
            return free;
        }

        return -1;
    }
}
