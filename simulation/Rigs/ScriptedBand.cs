using System.Security.Cryptography;
using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>A band that signs, sends and receives frames as a test tells it; it makes no decisions.</summary>
public sealed class ScriptedBand
{
    private readonly Tagger _tagger;
    private readonly IMac _mac;
    private byte[] _secret;
    private int _alarmSequence;
    private int _vitalsSequence;

    /// <summary>A band of a hub's home.</summary>
    public ScriptedBand(HubRig rig, long address)
    {
        Rig = rig;
        Address = address;
        _mac = rig.Mac;
        _tagger = new Tagger(_mac);
        _secret = SecretOf(_mac, address, 0);
        Keys.Derive(_mac, _secret, 7, Epoch);
    }

    /// <summary>Its home.</summary>
    public HubRig Rig { get; }

    /// <summary>48-bit Bluetooth address.</summary>
    public long Address { get; }

    /// <summary>Its keys.</summary>
    public BandKeys Keys { get; } = new();

    /// <summary>Epoch of its link keys.</summary>
    public int Epoch { get; private set; } = 1;

    /// <summary>Boot count.</summary>
    public int Boot { get; private set; } = 1;

    /// <summary>When it booted, ms of the world.</summary>
    public long BootedMs { get; set; }

    /// <summary>Plaintext of every frame that the hub has written.</summary>
    public List<byte[]> Received { get; } = [];

    /// <summary>Identity (first 6 bytes less the type) of every frame the hub has acknowledged.</summary>
    public HashSet<string> Heard { get; } = [];

    /// <summary>Seconds since its boot.</summary>
    public int UptimeS => (int)((Rig.World.NowMs - BootedMs) / 1000);

    /// <summary>Lane, boot and sequence of a frame.</summary>
    public static string Identity(byte[] frame) =>
        $"{(int)Frame.LaneOf(frame, 0)}:{Frame.BootOf(frame, 0)}:{Frame.SequenceOf(frame, 0)}";

    /// <summary>Boots again.</summary>
    public void Reboot()
    {
        Boot++;
        _alarmSequence = 0;
        _vitalsSequence = 0;
        BootedMs = Rig.World.NowMs;
    }

    /// <summary>Moves its link keys to another epoch.</summary>
    public void MoveTo(int epoch)
    {
        Epoch = epoch;
        Keys.DeriveLink(_mac, _secret, 7, epoch);
    }

    /// <summary>The secret of a band after this many changes.</summary>
    public static byte[] SecretOf(IMac mac, long address, int changes)
    {
        byte[] secret = SHA256.HashData(BitConverter.GetBytes(address));
        for (int epoch = 1; epoch <= changes; epoch++)
        {
            byte[] next = new byte[BandKeys.Size];
            Rekey.NextSecret(mac, secret, epoch, new byte[Rekey.NonceBytes], next);
            secret = next;
        }

        return secret;
    }

    /// <summary>Makes every frame from now on under the secret after this many changes.</summary>
    public void ChangeSecret(int changes)
    {
        _secret = SecretOf(_mac, Address, changes);
        Keys.Derive(_mac, _secret, 7, Epoch);
    }

    /// <summary>Takes a frame that the hub has written.</summary>
    public void Receive(byte[] frame)
    {
        byte[] copy = (byte[])frame.Clone();
        _tagger.Open(Keys.Air, false, copy);
        Received.Add(copy);
        if (Frame.TypeOf(copy, 0) == FrameType.HubHeard)
        {
            if (!_tagger.LinkTagIsRight(Keys.LinkDown, copy, 0))
            {
                throw new InvalidOperationException("the hub's answer carries a wrong link tag");
            }

            Heard.Add(Identity(copy));
        }
    }

    /// <summary>Frames of a type that it has received.</summary>
    public int Count(FrameType type) => Received.Count(frame => Frame.TypeOf(frame, 0) == type);

    /// <summary>True where the hub has acknowledged the frame.</summary>
    public bool HasHeard(byte[] frame) => Heard.Contains(Identity(frame));

    /// <summary>A press.</summary>
    public byte[] Sos(int? uptimeS = null) => Event(FrameType.Sos, uptimeS, 0);

    /// <summary>An event of the alarm lane.</summary>
    public byte[] Event(FrameType type, int? uptimeS = null, byte detail = 0)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, type, Lane.Alarm, Boot, _alarmSequence++);
        Payload.PutEvent(frame, uptimeS ?? UptimeS, AlarmFlags.Worn, 80, detail);
        return Sign(frame);
    }

    /// <summary>A stage that was shown.</summary>
    public byte[] Shown(byte[] alarm, Stage stage)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.StageShown, Lane.Alarm, Boot, _alarmSequence++);
        Payload.PutStageShown(frame, Frame.BootOf(alarm, 0), Frame.SequenceOf(alarm, 0), stage);
        return Sign(frame);
    }

    /// <summary>A beat.</summary>
    public byte[] Status(BandMode mode)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.Status, Lane.Vitals, Boot, _vitalsSequence++);
        Payload.PutStatus(frame, UptimeS, mode, Wear.On, 0, 80, 0);
        return Sign(frame);
    }

    /// <summary>A summary.</summary>
    public byte[] Vitals(bool tenMinutes)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.Vitals, Lane.Vitals, Boot, _vitalsSequence++);
        Payload.PutVitals(frame, 72, 90, 97, 0, 0, Wear.On, 0, tenMinutes, 3);
        return Sign(frame);
    }

    /// <summary>The challenge of a new link.</summary>
    public byte[] Challenge()
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.LinkChallenge, Lane.Vitals, Boot, _vitalsSequence++);
        for (int i = 0; i < Frame.PayloadSize; i++)
        {
            frame[Frame.PayloadOffset + i] = (byte)(0x31 + i);
        }

        return Sign(frame);
    }

    /// <summary>
    /// The frame sealed for the air; a frame of another length than <see cref="Frame.Size"/> stays as it is.
    /// </summary>
    public byte[] Sealed(byte[] frame)
    {
        byte[] air = (byte[])frame.Clone();
        if (air.Length == Frame.Size)
        {
            _tagger.Seal(Keys.Air, true, air);
        }

        return air;
    }

    /// <summary>Signs a frame with both tags.</summary>
    public byte[] Sign(byte[] frame)
    {
        _tagger.SignCentre(Keys.CentreUp, frame);
        _tagger.SignLink(Keys.LinkUp, frame);
        return frame;
    }

    /// <summary>A frame of the centre about one of this band's frames.</summary>
    public byte[] FromCentre(FrameType type, byte[] about, Stage stage = Stage.Waiting, int revision = 0)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, type, Frame.LaneOf(about, 0), Frame.BootOf(about, 0), Frame.SequenceOf(about, 0));
        if (type == FrameType.Stage)
        {
            Payload.PutStage(frame, stage, revision);
        }

        _tagger.SignCentre(Keys.CentreDown, frame);
        return frame;
    }
}
