using System.Security.Cryptography;
using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Devices;

/// <summary>The centre's side of a change of a band's secret (docs/adr/0097).</summary>
internal static class KeyChange
{
    /// <summary>
    /// A restored backup may be up to this many changes behind the band. Only the centre can compute the later secrets.
    /// A frame with a right tag under one of them therefore shows which secret the band uses.
    /// </summary>
    private const int ChangesAhead = 3;

    /// <summary>
    /// The band with the secret that it uses after this frame. Null where the frame's centre tag is right under none of
    /// the band's secrets. The first frame under the next secret shows that the band has changed its secret.
    /// </summary>
    public static BandRow? Judge(Tx tx, string hubId, BandRow band, byte[] frame, Tagger tagger, Downlink downlink)
    {
        if (IsRight(tagger, band.Secret, frame) || (band.OldSecret is { } old && IsRight(tagger, old, frame)))
        {
            return band;
        }
        byte[] secret = band.Secret;
        for (int epoch = band.KeyEpoch + 1; epoch <= band.KeyEpoch + ChangesAhead; epoch++)
        {
            secret = Next(tx.Db, band.CentreId, secret, epoch);
            if (IsRight(tagger, secret, frame))
            {
                BandKeyRows.Changed(tx.Db, band.Id, secret, epoch, tx.NowMs);
                tx.Audit(band.CentreId, $"hub:{hubId}", "band.secretChanged", $"band:{band.Id}", $"change {epoch}");
                tx.After(() => downlink.BandChanged(band.Id));
                return DeviceRows.Band(tx.Db, band.Id);
            }
        }
        return null;
    }

    /// <summary>
    /// A new status of the band has come. Offers the next secret where a change is due, and repeats an open offer.
    /// Forgets the old secret when a status under the present secret says that the band's latch is empty.
    /// </summary>
    public static void OnStatus(Tx tx, BandRow band, byte[] frame, Tagger tagger, Downlink downlink)
    {
        if (band.OldSecret is not null)
        {
            if (Payload.StatusPending(frame, 0) == 0 && IsRight(tagger, band.Secret, frame)
                && BandKeyRows.ForgetOld(tx.Db, band.Id, tx.NowMs))
            {
                tx.Audit(band.CentreId, "service", "band.oldSecretForgotten", $"band:{band.Id}");
            }
        }
        else if (band.IsOfferedKey || (band.KeyWanted > band.KeyEpoch && BandKeyRows.Offer(tx.Db, band, tx.NowMs)))
        {
            tx.After(() => downlink.BandChanged(band.Id));
        }
    }

    /// <summary>
    /// Adds the bands of a home to the key table for its hubs. The present keys of all bands come first. Next keys
    /// follow as far as the table has room: of the bands that are offered a change, then of the bands that were not
    /// heard since a backup was put back. Such a band may have changed its secret after the backup, and a hub without
    /// its next keys cannot open its calls. Returns the size of the table.
    /// </summary>
    public static int AddBands(Db db, long homeId, byte[] table, int size)
    {
        long putBackAtMs = Incarnation.PutBackAtMs(db);
        List<BandLink> links = DeviceRows.BandsOfHome(db, homeId).FindAll(static link => link.Band.HasSecret);
        foreach (BandLink link in links)
        {
            size = AddBand(table, link, link.Band.Secret);
        }
        foreach (BandLink link in links.Where(link => link.Band.IsOfferedKey || link.Band.LastHeardAtMs < putBackAtMs)
            .OrderByDescending(static link => link.Band.IsOfferedKey)
            .Take(HubMessage.MaxBandEntries - links.Count))
        {
            size = AddBand(table, link, Next(db, link.Band.CentreId, link.Band.Secret, link.Band.KeyEpoch + 1));
        }
        return size;
    }

    /// <summary>The frames that offer the band its next secret. The frames have no tags yet.</summary>
    public static IEnumerable<byte[]> Frames(Db db, BandRow band)
    {
        byte[] nonce = Nonce(db, band.CentreId, band.Secret, band.KeyEpoch + 1);
        for (int part = 0; part < Rekey.Parts; part++)
        {
            byte[] frame = new byte[Frame.Size];
            Rekey.Put(frame, band.KeyEpoch + 1, part, nonce);
            yield return frame;
        }
    }

    private static int AddBand(byte[] table, BandLink link, byte[] secret)
    {
        var keys = new BandKeys();
        keys.Derive(new HmacSha256(), secret, (uint)link.HomeId, link.LinkEpoch);
        return HubMessage.AddBand(table, link.Band.Address, (uint)link.HomeId, link.LinkEpoch, keys);
    }

    private static byte[] Next(Db db, string centreId, byte[] secret, int epoch)
    {
        byte[] next = new byte[BandKeys.Size];
        Rekey.NextSecret(new HmacSha256(), secret, epoch, Nonce(db, centreId, secret, epoch), next);
        return next;
    }

    /// <summary>
    /// The nonce of a change. The result depends only on the arguments, so a restored backup finds it again.
    /// </summary>
    private static byte[] Nonce(Db db, string centreId, byte[] secret, int epoch)
    {
        byte[] message = new byte[BandKeys.Size + 3];
        secret.CopyTo(message, 0);
        Bytes.PutU24(message, BandKeys.Size, epoch);
        return HMACSHA256.HashData(BandKeyRows.RotationKey(db, centreId), message)[..Rekey.NonceBytes];
    }

    private static bool IsRight(Tagger tagger, byte[] secret, byte[] frame)
    {
        var keys = new BandKeys();
        keys.Derive(new HmacSha256(), secret, 0, 0);
        return tagger.CentreTagIsRight(keys.CentreUp, frame, 0);
    }
}
