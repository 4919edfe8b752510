using ElderBand.Simulation;

namespace ElderBand.Simulator.Stories.Days;

/// <summary>
/// What happens to a wearer in a day, drawn from the seed: nights at rest, walks, presses, now and then a fall, walks
/// out of range, an hour on the charger, a night without the band, and power cuts of band, hub and centre.
/// </summary>
public sealed class DaysPlan
{
    private const int MinuteMs = 60_000;
    private const int HourMs = 60 * MinuteMs;

    /// <summary>Length of a day, ms.</summary>
    public const int DayMs = 24 * HourMs;

    private const int PressesADay = 4;
    private const int WalksOutADay = 2;
    private const int ChargeEveryDays = 3;
    private const int NightOffEveryDays = 5;
    private const int FallEveryDays = 3;
    private const int HubCutEveryDays = 2;
    private const int BandCutEveryDays = 4;
    private const int OutageEveryDays = 3;

    private readonly DaysWorld _days;
    private readonly Random _random;

    /// <summary>A plan for one world.</summary>
    public DaysPlan(DaysWorld days, int seed)
    {
        _days = days;
        _random = new Random(seed);
    }

    private World World => _days.World;

    /// <summary>Draws what happens in a day and hands it to the world.</summary>
    public void Draw(int day)
    {
        DrawMovement();
        for (var i = 0; i < PressesADay; i++)
        {
            var holdMs = 100 + _random.Next(700);
            At(_random.Next(DayMs - HourMs), () => _days.Press(holdMs));
        }

        for (var i = 0; i < WalksOutADay; i++)
        {
            var fromMs = (9 * HourMs) + _random.Next(10 * HourMs);
            Span(fromMs, (5 * MinuteMs) + _random.Next(HourMs), _days.SetInRange, false);
        }

        DrawBandOff(day);
        if (day % FallEveryDays == 1)
        {
            At((8 * HourMs) + _random.Next(12 * HourMs), _days.Fall);
        }

        if (day % HubCutEveryDays == 1)
        {
            Span(_random.Next(22 * HourMs), 5000 + _random.Next(HourMs), _days.SetHubPower, false);
        }

        if (day % BandCutEveryDays == 1)
        {
            At(_random.Next(22 * HourMs), () => _days.CutBand(3000 + _random.Next(MinuteMs)));
        }

        if (day % OutageEveryDays == 2)
        {
            Span(_random.Next(22 * HourMs), MinuteMs + _random.Next(HourMs), _days.Centre.SetUp, false);
        }
    }

    // At rest by night, on the feet for some minutes of each hour by day.
    private void DrawMovement()
    {
        At(0, () => _days.Move(walks: false));
        for (var hour = 7; hour < 22; hour++)
        {
            var fromMs = (hour * HourMs) + _random.Next(40 * MinuteMs);
            At(fromMs, () => _days.Move(walks: true));
            At(fromMs + MinuteMs + _random.Next(15 * MinuteMs), () => _days.Move(walks: false));
        }
    }

    private void DrawBandOff(int day)
    {
        if (day % ChargeEveryDays == 2)
        {
            Span(7 * HourMs, (60 * MinuteMs) + _random.Next(HourMs), _days.SetCharging, true);
        }

        if (day % NightOffEveryDays == 4)
        {
            Span(HourMs, 5 * HourMs, _days.SetWorn, false);
        }
    }

    private void At(int ms, Action action) => World.At(World.NowMs + ms, action);

    private void Span(int fromMs, int lengthMs, Action<bool> set, bool during)
    {
        At(fromMs, () => set(during));
        At(fromMs + lengthMs, () => set(!during));
    }
}
