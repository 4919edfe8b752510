using ElderBand.HubService.Alarms;
using ElderBand.HubService.Staff;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService;

/// <summary>
/// How staff, devices, consent and residence end, for the page and the commands. Nothing is deleted: a row says when it
/// ended, what happened stays, and the audit says who did it (docs/adr/0108). Each method is false where there is
/// nothing of that kind in the centre to end.
/// </summary>
public static class LifeCycle
{
    /// <summary>
    /// A member of staff leaves: out at once, everywhere. Alarms that she has ring for the others; her sign-in name is
    /// free again.
    /// </summary>
    /// <exception cref="StartException">Nobody else can administer the centre.</exception>
    public static bool Leave(Tx tx, AlarmDesk desk, string centreId, long staffId, Actor by)
    {
        if (StaffRows.ById(tx.Db, staffId) is not { } staff || staff.CentreId != centreId)
        {
            return false;
        }
        if (staff.Role == "admin" && StaffRows.All(tx.Db, centreId).Count(static s => s.Role == "admin") < 2)
        {
            throw new StartException($"{staff.DisplayName} is the last administrator: add another one first.");
        }
        foreach (long alarmId in AlarmRows.OpenOwnedBy(tx.Db, staffId))
        {
            desk.HandBack(tx, centreId, alarmId, by);
        }
        StaffRows.Disable(tx.Db, staffId, tx.NowMs);
        tx.Audit(centreId, by.Who, "staff.left", $"staff:{staffId}", staff.Name);
        return true;
    }

    /// <summary>Gives a member of staff another password and ends the sign-ins but the one that is named.</summary>
    public static bool SetPassword(
        Tx tx, string centreId, long staffId, string passwordHash, string who, long keptSignInId = 0)
    {
        if (StaffRows.ById(tx.Db, staffId) is not { } staff || staff.CentreId != centreId)
        {
            return false;
        }
        StaffRows.SetPassword(tx.Db, staffId, passwordHash, keptSignInId, tx.NowMs);
        tx.Audit(centreId, who, "staff.password", $"staff:{staffId}");
        return true;
    }

    /// <summary>
    /// A band is lost or goes back: its frames are refused at once, its hubs forget its keys within seconds (P40), and
    /// its address may be enrolled again.
    /// </summary>
    public static bool RevokeBand(Tx tx, string centreId, long bandId, string who)
    {
        if (DeviceRows.Band(tx.Db, bandId) is not { RevokedAtMs: null } band || band.CentreId != centreId)
        {
            return false;
        }
        DeviceRows.RevokeBand(tx.Db, bandId, tx.NowMs);
        TechnicalRows.CloseOf(tx, centreId, bandId, null, "the band was revoked");
        tx.Audit(centreId, who, "band.revoked", $"band:{bandId}", $"{band.Address:x12}");
        return true;
    }

    /// <summary>A contact takes the consent back: no further text, and the links that were sent end.</summary>
    public static bool WithdrawConsent(Tx tx, string centreId, long contactId, string who)
    {
        if (ResidentRows.Contact(tx.Db, contactId) is not { ConsentAtMs: not null } contact
            || contact.CentreId != centreId)
        {
            return false;
        }
        EndConsent(tx, contact);
        tx.Audit(centreId, who, "contact.consentWithdrawn", $"contact:{contactId}");
        return true;
    }

    /// <summary>
    /// A resident has moved away or died: in no list any more, her contacts are told nothing, her bands are revoked.
    /// Calls of the past stay with her name.
    /// </summary>
    /// <exception cref="StartException">An alarm of hers is open.</exception>
    public static bool Gone(Tx tx, string centreId, long residentId, string who)
    {
        if (ResidentRows.Residents(tx.Db, centreId).Find(r => r.Id == residentId) is not { } resident)
        {
            return false;
        }
        if (AlarmRows.IsAnyOpenOf(tx.Db, residentId))
        {
            throw new StartException($"An alarm of {resident.Name} is open: close it first.");
        }
        foreach (BandRow band in DeviceRows.BandsOf(tx.Db, residentId))
        {
            RevokeBand(tx, centreId, band.Id, who);
        }
        foreach (ContactRow contact in ResidentRows.Contacts(tx.Db, residentId))
        {
            EndConsent(tx, contact);
        }
        ResidentRows.End(tx.Db, residentId, tx.NowMs);
        tx.Audit(centreId, who, "resident.gone", $"resident:{residentId}");
        return true;
    }

    private static void EndConsent(Tx tx, ContactRow contact)
    {
        ResidentRows.UpdateContact(
            tx.Db, contact with { ConsentBy = null, ConsentAtMs = null, ConsentHow = null });
        LinkRows.RevokeAll(tx.Db, contact.Id, tx.NowMs);
        MessageRows.GiveUpAll(tx.Db, contact.Id, "the consent was withdrawn", tx.NowMs);
    }
}
