using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>
/// The hub and the centre of the rig where the band's secret changes (docs/adr/0097): the hub takes the keys of now,
/// of the next secret and of the one before; the centre goes on with the first frame under the next.
/// </summary>
public sealed partial class BandRig
{
    private byte[] _centreSecret = new byte[BandKeys.Size];
    private byte[] _nextSecret = new byte[BandKeys.Size];

    /// <summary>Keys of the secret that the centre takes for the present one.</summary>
    public BandKeys HubKeys { get; private set; } = new();

    /// <summary>Keys of the secret that the centre offers; null for none.</summary>
    public BandKeys? NextKeys { get; private set; }

    /// <summary>Keys of the secret before; null for none.</summary>
    public BandKeys? OldKeys { get; private set; }

    /// <summary>Changes of the secret that the centre has seen done.</summary>
    public int KeyEpoch { get; private set; }

    /// <summary>The nonce of the offer.</summary>
    public byte[] Nonce { get; } = [.. Enumerable.Range(1, Rekey.NonceBytes).Select(i => (byte)i)];

    /// <summary>The centre offers the next secret: the hub has its keys, the band hears of it by its frames.</summary>
    public void Offer()
    {
        Rekey.NextSecret(new HostMac(), _centreSecret, KeyEpoch + 1, Nonce, _nextSecret);
        NextKeys = KeysOf(_nextSecret);
    }

    /// <summary>One part of the offer, as the centre signs it now.</summary>
    public byte[] RekeyFrame(int part) => RekeyFrame(KeyEpoch + 1, part);

    /// <summary>One part of a change to an epoch, as the centre signs it now.</summary>
    public byte[] RekeyFrame(int epoch, int part)
    {
        var frame = new byte[Frame.Size];
        Rekey.Put(frame, epoch, part, Nonce);
        _tagger.SignCentre(HubKeys.CentreDown, frame);
        return frame;
    }

    /// <summary>Sends all parts of the offer.</summary>
    public void SendOffer()
    {
        for (var part = 0; part < Rekey.Parts; part++)
        {
            Down(RekeyFrame(part));
        }
    }

    /// <summary>Forgets the secret before, as the centre does when the latch is empty.</summary>
    public void ForgetOldSecret() => OldKeys = null;

    private static BandKeys KeysOf(byte[] secret)
    {
        var keys = new BandKeys();
        keys.Derive(new HostMac(), secret, 7, 3);
        return keys;
    }

    private void BeginSecrets()
    {
        _centreSecret = (byte[])Secret.Clone();
        HubKeys = KeysOf(Secret);
    }

    private byte[] Opened(byte[] air)
    {
        Air.Add((byte[])air.Clone());
        foreach (var keys in new[] { HubKeys, NextKeys, OldKeys })
        {
            var frame = (byte[])air.Clone();
            if (keys is not null)
            {
                _tagger.Open(keys.Air, true, frame);
                if (_tagger.LinkTagIsRight(keys.LinkUp, frame, 0))
                {
                    GoOnWith(keys, frame);
                    return frame;
                }
            }
        }

        var wrong = (byte[])air.Clone();
        _tagger.Open(HubKeys.Air, true, wrong);
        return wrong;
    }

    private void GoOnWith(BandKeys keys, byte[] frame)
    {
        if (keys == NextKeys && InRange && _tagger.CentreTagIsRight(keys.CentreUp, frame, 0))
        {
            (OldKeys, HubKeys, NextKeys) = (HubKeys, keys, null);
            (_centreSecret, _nextSecret) = (_nextSecret, _centreSecret);
            KeyEpoch++;
        }
    }

    private bool LinkTagIsRight(byte[] frame) =>
        new[] { HubKeys, NextKeys, OldKeys }
            .Any(keys => keys is not null && _tagger.LinkTagIsRight(keys.LinkUp, frame, 0));

    private bool CentreTagIsRight(byte[] frame) =>
        _tagger.CentreTagIsRight(HubKeys.CentreUp, frame, 0)
        || (OldKeys is not null && _tagger.CentreTagIsRight(OldKeys.CentreUp, frame, 0));
}
