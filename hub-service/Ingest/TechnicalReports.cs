using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>What bands and hubs report of themselves, as technical cards that open and close.</summary>
internal static class TechnicalReports
{
    /// <summary>Opens a card, or brings the open one of the same kind, device and code up to date.</summary>
    public static void Card(
        Tx tx, string centreId, string kind, long? bandId, string? hubId, bool urgent, string detail,
        string code = "") =>
        TechnicalRows.Open(tx, new TechnicalKey(centreId, kind, bandId, hubId, code), urgent, detail);

    /// <summary>Closes the card about versions: the hub has sent what this program knows.</summary>
    public static void KnownVersion(Tx tx, HubSession hub, string code) =>
        TechnicalRows.Close(
            tx, new TechnicalKey(hub.CentreId, "unknownFrame", null, hub.HubId, code), "speaks a known version");

    /// <summary>A hub has been heard: it is silent no more.</summary>
    public static void Heard(Tx tx, HubSession hub)
    {
        DeviceRows.HubHeard(tx.Db, hub.HubId, tx.NowMs);
        TechnicalRows.Close(tx, new TechnicalKey(hub.CentreId, "hubSilent", null, hub.HubId), "heard again");
    }

    /// <summary>A band has said something new: it is silent no more.</summary>
    public static void Heard(Tx tx, BandRow band)
    {
        DeviceRows.BandHeard(tx.Db, band.Id, tx.NowMs);
        TechnicalRows.Close(tx, new TechnicalKey(band.CentreId, "bandSilent", band.Id, null), "heard again");
        TechnicalRows.Close(tx, new TechnicalKey(band.CentreId, "visitToday", band.Id, null), "heard again");
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
                    Card(tx, hub.CentreId, "bandSilent", band.Id, null, urgent: true, "");
                }
                break;
            case TechnicalCode.BandBack when band is not null:
                TechnicalRows.Close(tx, new TechnicalKey(hub.CentreId, "bandSilent", band.Id, null), "heard again");
                break;
            case TechnicalCode.LinkKeyUnknown:
                Card(tx, hub.CentreId, "linkKeyUnknown", band?.Id, hub.HubId, urgent: false, $"{band?.Address:x12}");
                break;
            case TechnicalCode.MainsLost:
                Card(tx, hub.CentreId, "mainsLost", null, hub.HubId, urgent: true, "");
                break;
            case TechnicalCode.MainsBack:
                TechnicalRows.Close(tx, new TechnicalKey(hub.CentreId, "mainsLost", null, hub.HubId), "mains is back");
                break;
            case TechnicalCode.VitalsDropped:
                Card(tx, hub.CentreId, "vitalsDropped", null, hub.HubId, urgent: false,
                    extra == 254 ? "254 or more" : $"{extra}");
                break;
            case TechnicalCode.WatchdogReset:
                Card(tx, hub.CentreId, "reboots", null, hub.HubId, urgent: false, "restarted by its watchdog");
                break;
            case TechnicalCode.StoreLost:
                Card(tx, hub.CentreId, "storeLost", null, hub.HubId, urgent: true, "");
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
        (string kind, string what, bool urgent) = Describe(
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

    private static (string Kind, string Code, bool Urgent) Describe(TechnicalCode code) => code switch
    {
        TechnicalCode.PpgFault => ("ppgFault", "", false),
        TechnicalCode.PpgAbsent => ("ppgAbsent", "", false),
        TechnicalCode.PpgWrongPart => ("ppgWrongPart", "", false),
        TechnicalCode.PpgChanged => ("ppgChanged", "", false),
        TechnicalCode.AccelerometerFault => ("accelerometerFault", "", true),
        TechnicalCode.AccelerometerAbsent => ("accelerometerAbsent", "", true),
        TechnicalCode.AccelerometerWrongPart => ("accelerometerWrongPart", "", true),
        TechnicalCode.AccelerometerChanged => ("accelerometerChanged", "", true),
        TechnicalCode.ChargedOnWrist => ("chargedOnWrist", "", false),
        TechnicalCode.BatteryLow => ("batteryLow", "", false),
        TechnicalCode.BatteryCritical => ("batteryCritical", "", true),
        TechnicalCode.KeyStuck => ("keyStuck", "", true),
        TechnicalCode.FlashFault => ("flashFault", "", true),
        TechnicalCode.ProvisionCopyBad => ("flashFault", "provisionCopy", true),
        TechnicalCode.Tamper => ("tamper", "", true),
        TechnicalCode.LatchFull => ("bandFault", "latchFull", true),
        TechnicalCode.VersionUnknown => ("unknownFrame", "hubVersion", true),
        TechnicalCode.PressLatchFault => ("bandFault", "pressLatch", true),
        TechnicalCode.ConfigurationRefused => ("other", "configuration refused by the band", false),
        _ => ("bandFault", $"code {(int)code}", true),
    };
}
