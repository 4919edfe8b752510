using System.Security.Cryptography;
using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>Ports that allocate nothing themselves once warm, so that what is left is the hub's own.</summary>
public sealed class QuietPorts : IHubLink, IUplink
{
    private readonly byte[] _receipt = new byte[HubMessage.MaxDownSize];
    private readonly byte[] _none = [];
    private int _receiptSize;
    private int _id;
    private int _published;
    private bool _connecting;

    public ManualClock Clock { get; } = new();

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
                Flash = new QuietFlash(),
                Clock = Clock,
                Mac = new HostMac(),
                Power = new ManualPower { Battery = 255, IsExternal = true },
                Key = new ManualPin(),
                Buzzer = new ManualPin(),
                Light = new ManualPin(),
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
                int at = Envelope.RecordAt(payload, i);
                _receiptSize = HubMessage.AddReceipt(
                    _receipt, Envelope.RecordBoot(payload, at), Envelope.RecordSequence(payload, at));
            }
        }

        return ++_id;
    }
}
