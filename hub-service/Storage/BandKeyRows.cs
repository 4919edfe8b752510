using System.Security.Cryptography;
using ElderBand.BandProtocol;

namespace ElderBand.HubService.Storage;

/// <summary>
/// The columns of the table <c>band</c> that hold its secret, and the centre's rotation key (docs/adr/0097).
/// </summary>
public static class BandKeyRows
{
    /// <summary>
    /// The code of the label can be shown for 10 minutes. The label's secret is replaced only after that.
    /// </summary>
    private const long LabelHoldsMs = 600_000;

    private const long OldKeptMs = 86_400_000;
    private const string RotationKeyName = "bandKeys";

    /// <summary>
    /// Makes the rotation key of a centre that has none. Every backup holds this key. A restored centre can therefore
    /// compute the secrets to which bands have changed since the backup.
    /// </summary>
    public static void MakeRotationKey(Db db, string centreId) =>
        db.Run(
            "INSERT INTO secret (centre_id, name, value) VALUES ($1,$2,seal($3,0)) ON CONFLICT DO NOTHING",
            centreId, RotationKeyName, RandomNumberGenerator.GetBytes(BandKeys.Size));

    /// <summary>The rotation key of a centre (32 bytes).</summary>
    public static byte[] RotationKey(Db db, string centreId) =>
        db.Value("SELECT unseal(value,0) FROM secret WHERE centre_id=$1 AND name=$2", centreId, RotationKeyName)
            as byte[]
            ?? throw new InvalidOperationException($"The centre '{centreId}' has no rotation key that can be read.");

    /// <summary>
    /// Stores that the band has changed its secret. The old secret is kept. The settings get a new version.
    /// </summary>
    public static void Changed(Db db, long bandId, byte[] secret, int epoch, long nowMs) =>
        db.Run(
            """
            UPDATE band SET old_secret=secret, secret=seal($2, address), key_epoch=$3, key_offered=max(key_offered, $3),
              key_wanted=max(key_wanted, $3), key_changed_at_ms=$4, config_version=config_version+1 WHERE id=$1
            """,
            bandId, secret, epoch, nowMs);

    /// <summary>
    /// Offers the band its next secret if a change is wanted, no other band of the home is offered one, and no hub of
    /// the home is silent. True where the offer is new.
    /// </summary>
    public static bool Offer(Db db, BandRow band, long nowMs)
    {
        if (DeviceRows.Link(db, band.Id) is not { } link
            || DeviceRows.BandsOfHome(db, link.HomeId).Exists(static other => other.Band.IsOfferedKey)
            || db.Number(
                """
                SELECT count(*) FROM hub_placement p JOIN hub h ON h.id=p.hub_id AND h.revoked_at_ms IS NULL
                WHERE p.home_id=$1 AND p.to_ms IS NULL AND ifnull(h.last_heard_at_ms, 0)<$2
                """,
                link.HomeId, nowMs - Devices.Liveness.HubSilentMs) > 0)
        {
            return false;
        }
        return db.Run(
            """
            UPDATE band SET key_offered=key_epoch+1
            WHERE id=$1 AND key_offered=key_epoch AND key_wanted>key_epoch AND old_secret IS NULL AND created_at_ms<=$2
            """,
            band.Id, nowMs - LabelHoldsMs) > 0;
    }

    /// <summary>
    /// Asks for a new secret for every band of a home, because a hub that knows the present keys is gone.
    /// </summary>
    public static void WantForHome(Db db, long homeId)
    {
        foreach (BandLink link in DeviceRows.BandsOfHome(db, homeId))
        {
            db.Run("UPDATE band SET key_wanted=max(key_offered, key_epoch)+1 WHERE id=$1", link.Band.Id);
        }
    }

    /// <summary>Forgets the old secret if 24 h have passed since the change. True where it was forgotten.</summary>
    public static bool ForgetOld(Db db, long bandId, long nowMs) =>
        db.Run(
            "UPDATE band SET old_secret=NULL WHERE id=$1 AND old_secret IS NOT NULL AND key_changed_at_ms<=$2",
            bandId, nowMs - OldKeptMs) > 0;
}
