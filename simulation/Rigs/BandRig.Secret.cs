using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>
/// The hub and the centre of the rig while the band's secret changes (docs/adr/0097). The hub takes frames under the
/// present, the next and the previous secret. The centre takes the next secret for the present one as soon as it gets a
/// frame under that secret.
/// </summary>
public sealed partial class BandRig
{
    private byte[] _centreSecret = new byte[BandKeys.Size];
    private byte[] _nextSecret = new byte[BandKeys.Size];

    /// <summary>Keys of the secret that the centre takes for the present one.</summary>
    public BandKeys HubKeys { get; private set; } = new();

    /// <summary>Keys of the next secret, which the centre offers; null while it offers none.</summary>
    public BandKeys? NextKeys { get; private set; }

    /// <summary>Keys of the previous secret; null for none.</summary>
    public BandKeys? OldKeys { get; private set; }

    /// <summary>Number of changes of the secret that the centre knows to be done.</summary>
    public int KeyEpoch { get; private set; }

    /// <summary>The nonce of each offer.</summary>
    public byte[] Nonce { get; } = [.. Enumerable.Range(1, Rekey.NonceBytes).Select(i => (byte)i)];

    /// <summary>
    /// The centre offers the next secret. The hub gets the keys of that secret now. <see cref="SendOffer"/> brings the
    /// offer to the band.
    /// </summary>
    public void Offer()
    {
        Rekey.NextSecret(new HostMac(), _centreSecret, KeyEpoch + 1, Nonce, _nextSecret);
        NextKeys = KeysOf(_nextSecret);
    }

    /// <summary>One part of the offer, signed with the present keys of the centre.</summary>
    public byte[] RekeyFrame(int part) => RekeyFrame(KeyEpoch + 1, part);

    /// <summary>One part of a change to this epoch, signed with the present keys of the centre.</summary>
    public byte[] RekeyFrame(int epoch, int part)
    {
        var frame = new byte[Frame.Size];
        Rekey.Put(frame, epoch, part, Nonce);
        _tagger.SignCentre(HubKeys.CentreDown, frame);
        return frame;
    }

    /// <summary>Sends all parts of the offer to the band.</summary>
    public void SendOffer()
    {
        for (var part = 0; part < Rekey.Parts; part++)
        {
            Down(RekeyFrame(part));
        }
    }

    /// <summary>Deletes the previous secret, as the centre does when the latch of the band is empty.</summary>
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
