using System.Text.Json;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Stories.Days;

/// <summary>
/// Charge that the band takes by the model: time in each state times the current of that state
/// (hardware/wristband/energy.json), once with the low and once with the high figure.
/// </summary>
/// <param name="LowMahADay">With the low currents.</param>
/// <param name="HighMahADay">With the high currents.</param>
/// <param name="UsableMah">Usable charge of the cell.</param>
/// <param name="Shares">Share of the time in each state, 0 to 1.</param>
public sealed record BandEnergy(
    double LowMahADay, double HighMahADay, double UsableMah, IReadOnlyDictionary<string, double> Shares)
{
    private const double HourMs = 3_600_000;
    private const double HoursADay = 24;

    // 75 mA at most are drawn by a coin motor of 3 V (hardware/wristband/bom.csv).
    private const double MotorMa = 75;

    private static readonly JsonElement Currents = Read();

    /// <summary>Days on one charge, with the high and with the low currents.</summary>
    public (double Least, double Most) Days => (UsableMah / HighMahADay, UsableMah / LowMahADay);

    /// <summary>Adds up what a band has taken in some days.</summary>
    /// <param name="band">The band.</param>
    /// <param name="motorMs">Time with the motor on.</param>
    /// <param name="ppgMs">Time with the LEDs of the optical sensor on.</param>
    /// <param name="days">Length of it all.</param>
    public static BandEnergy Of(BandDevice band, long motorMs, long ppgMs, double days)
    {
        (ChipState State, string Name)[] states =
            [(ChipState.Awake, "busyMa"), (ChipState.RadioOn, "radioMa"), (ChipState.LightSleep, "lightSleepMa")];
        var mah = new double[2];
        for (var i = 0; i < mah.Length; i++)
        {
            var maHours = states.Sum(s => band.Power.MsIn(s.State) * Currents.GetProperty(s.Name)[i].GetDouble());
            maHours += (motorMs * MotorMa) + (ppgMs * Currents.GetProperty("pulseMa")[i].GetDouble());
            mah[i] = (maHours / HourMs / days) + (HoursADay * AlwaysOnMa());
        }

        return new BandEnergy(
            mah[0],
            mah[1],
            Currents.GetProperty("usableMah").GetDouble(),
            Enum.GetValues<ChipState>().ToDictionary(
                static s => s.ToString(), s => band.Power.MsIn(s) / HourMs / days / HoursADay, StringComparer.Ordinal));
    }

    private static double AlwaysOnMa() =>
        Currents.GetProperty("alwaysOnMa").EnumerateObject().Sum(static part => part.Value.GetDouble());

    private static JsonElement Read()
    {
        using var stream = typeof(BandEnergy).Assembly.GetManifestResourceStream("energy.json")!;
        return JsonDocument.Parse(stream).RootElement;
    }
}
