using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>What bands and hubs report of themselves, as technical cards that open and close.</summary>
internal static class TechnicalReports
{
    /// <summary>Opens a card, or brings the open one of the same kind, device and code up to date.</summary>
    public static void Card(
        Tx tx, string centreId, CardKind kind, long? bandId, string? hubId, bool urgent, string detail,
        string code = "") =>
        TechnicalRows.Open(tx, new TechnicalKey(centreId, kind, bandId, hubId, code), urgent, detail);

    /// <summary>Closes the card about versions: the hub has sent what this program knows.</summary>
    public static void KnownVersion(Tx tx, HubSession hub, string code) =>
        TechnicalRows.Close(
            tx, new TechnicalKey(hub.CentreId, CardKind.UnknownFrame, null, hub.HubId, code), "speaks a known version");

    /// <summary>A hub has been heard: it is silent no more.</summary>
    public static void Heard(Tx tx, HubSession hub) => Heard(tx, hub, tx.NowMs);

    /// <summary>A hub was heard at a moment: it is silent no more.</summary>
    public static void Heard(Tx tx, HubSession hub, long atMs)
    {
        DeviceRows.HubHeard(tx.Db, hub.HubId, atMs);
        TechnicalRows.Close(tx, new TechnicalKey(hub.CentreId, CardKind.HubSilent, null, hub.HubId), "heard again");
    }

    /// <summary>A band has said something new: it is silent no more.</summary>
    public static void Heard(Tx tx, BandRow band) => Heard(tx, band, tx.NowMs);

    /// <summary>A band has said something new at a moment: it is silent no more.</summary>
    public static void Heard(Tx tx, BandRow band, long atMs)
    {
        DeviceRows.BandHeard(tx.Db, band.Id, atMs);
        TechnicalRows.Close(tx, new TechnicalKey(band.CentreId, CardKind.BandSilent, band.Id, null), "heard again");
        TechnicalRows.Close(tx, new TechnicalKey(band.CentreId, CardKind.VisitToday, band.Id, null), "heard again");
    }

    /// <summary>A hub's report, null where it concerns no band of its home.</summary>
    public static void OfHub(Tx tx, HubSession hub, TechnicalCode code, int extra, BandRow? band)
    {
        switch (code)
        {
            case TechnicalCode.BandSilent when band is not null:
                // Another hub may hear it; the centre's own record decides.
                if (band.LastHeardAtMs is null
                    || band.LastHeardAtMs < tx.NowMs - (DeviceRows.SilentAfterMs(band.Mode) / 2))
                {
                    Card(tx, hub.CentreId, CardKind.BandSilent, band.Id, null, urgent: true, "");
                }
                break;
            case TechnicalCode.BandBack when band is not null:
                TechnicalRows.Close(
                    tx, new TechnicalKey(hub.CentreId, CardKind.BandSilent, band.Id, null), "heard again");
                break;
            case TechnicalCode.LinkKeyUnknown:
                Card(
                    tx, hub.CentreId, CardKind.LinkKeyUnknown, band?.Id, hub.HubId, urgent: false,
                    $"{band?.Address:x12}");
                break;
            case TechnicalCode.MainsLost:
                Card(tx, hub.CentreId, CardKind.MainsLost, null, hub.HubId, urgent: true, "");
                break;
            case TechnicalCode.MainsBack:
                TechnicalRows.Close(
                    tx, new TechnicalKey(hub.CentreId, CardKind.MainsLost, null, hub.HubId), "mains is back");
                break;
            case TechnicalCode.VitalsDropped:
                Card(tx, hub.CentreId, CardKind.VitalsDropped, null, hub.HubId, urgent: false,
                    extra == 254 ? "254 or more" : $"{extra}");
                break;
            case TechnicalCode.WatchdogReset:
                Card(tx, hub.CentreId, CardKind.Reboots, null, hub.HubId, urgent: false, "restarted by its watchdog");
                break;
            case TechnicalCode.StoreLost:
                Card(tx, hub.CentreId, CardKind.StoreLost, null, hub.HubId, urgent: true, "");
                break;
            default:
                Fault(tx, hub.CentreId, band?.Id, hub.HubId, code, extra);
                break;
        }
    }

    /// <summary>A band's report; of a sensor fault the card shows the register and what was read.</summary>
    public static void OfBand(Tx tx, BandRow band, TechnicalCode code, byte[] frame)
    {
        string register = Payload.IsSensorFault(code)
            ? $"0x{Payload.FaultRegister(frame, 0):X2} = 0x{Payload.FaultValue(frame, 0):X2}"
            : "";
        Fault(tx, band.CentreId, band.Id, null, code, Payload.EventBatteryPct(frame, 0), register);
    }

    /// <summary>
    /// The faults that bands and hubs share; <paramref name="extra"/> of Recovered names the fault that is over.
    /// </summary>
    private static void Fault(
        Tx tx, string centreId, long? bandId, string? hubId, TechnicalCode code, int extra, string register = "")
    {
        (CardKind kind, string what, bool urgent) = Describe(
            code == TechnicalCode.Recovered ? (TechnicalCode)extra : code);
        if (code == TechnicalCode.Recovered)
        {
            TechnicalRows.Close(tx, new TechnicalKey(centreId, kind, bandId, hubId, what), "over, says the device");
        }
        else
        {
            Card(tx, centreId, kind, bandId, hubId, urgent, register.Length > 0 ? register : what, what);
        }
    }

    private static (CardKind Kind, string Code, bool Urgent) Describe(TechnicalCode code) => code switch
    {
        TechnicalCode.PpgFault => (CardKind.PpgFault, "", false),
        TechnicalCode.PpgAbsent => (CardKind.PpgAbsent, "", false),
        TechnicalCode.PpgWrongPart => (CardKind.PpgWrongPart, "", false),
        TechnicalCode.PpgChanged => (CardKind.PpgChanged, "", false),
        TechnicalCode.AccelerometerFault => (CardKind.AccelerometerFault, "", true),
        TechnicalCode.AccelerometerAbsent => (CardKind.AccelerometerAbsent, "", true),
        TechnicalCode.AccelerometerWrongPart => (CardKind.AccelerometerWrongPart, "", true),
        TechnicalCode.AccelerometerChanged => (CardKind.AccelerometerChanged, "", true),
        TechnicalCode.ChargedOnWrist => (CardKind.ChargedOnWrist, "", false),
        TechnicalCode.BatteryLow => (CardKind.BatteryLow, "", false),
        TechnicalCode.BatteryCritical => (CardKind.BatteryCritical, "", true),
        TechnicalCode.KeyStuck => (CardKind.KeyStuck, "", true),
        TechnicalCode.FlashFault => (CardKind.FlashFault, "", true),
        TechnicalCode.ProvisionCopyBad => (CardKind.FlashFault, "provisionCopy", true),
        TechnicalCode.Tamper => (CardKind.Tamper, "", true),
        TechnicalCode.LatchFull => (CardKind.BandFault, "latchFull", true),
        TechnicalCode.VersionUnknown => (CardKind.UnknownFrame, "hubVersion", true),
        TechnicalCode.PressLatchFault => (CardKind.BandFault, "pressLatch", true),
        TechnicalCode.ConfigurationRefused => (CardKind.Other, "configuration refused by the band", false),
        _ => (CardKind.BandFault, $"code {(int)code}", true),
    };
}
