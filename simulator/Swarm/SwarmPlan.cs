using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>One thing that a plan puts into a world.</summary>
/// <param name="Kind">Which.</param>
/// <param name="FromMs">When, world ms.</param>
/// <param name="LengthMs">For how long; of a press: how long the key is held.</param>
/// <param name="Subject">Any number; the world takes it modulo its bands, hubs or alarms.</param>
/// <param name="Amount">A share in percent, or a delay in ms, where the kind has one.</param>
public sealed record PlannedFault(FaultKind Kind, int FromMs, int LengthMs, int Subject, int Amount);

/// <summary>
/// A world's faults, drawn from its seed. Each kind is in about half of the worlds, so that no kind hides another in
/// all of them. Each kind has a random source of its own, so a new kind does not change the plans of the others.
/// </summary>
public sealed class SwarmPlan
{
    /// <summary>The first fault, world ms: band and hub have had the time to find each other.</summary>
    public const int FirstMs = 12_000;

    /// <summary>No fault begins later, world ms.</summary>
    public const int LastMs = 150_000;

    /// <summary>Everything is healed, world ms.</summary>
    public const int HealMs = 165_000;

    private const int MostOfAKind = 2;

    // Seven of ten faults begin around something that a wearer does: a fault matters while a call is under way.
    private const int NearAnActPercent = 70;

    // Worlds use one of these boot times, because the boot time of a band is not measured yet (docs/simulator.md).
    private static readonly int[] BootsMs = [700, 1500, 3000];

    private SwarmPlan(int seed, int bands, int hubs, IReadOnlyList<PlannedFault> faults)
    {
        Bands = bands;
        Hubs = hubs;
        Faults = faults;
        BandBootMs = faults.Any(static f => f.Kind == FaultKind.PickUpAndPress)
            ? BootsMs[seed % BootsMs.Length] : Figures.Fixed.BandBootMs;
    }

    /// <summary>Bands of the one home.</summary>
    public int Bands { get; }

    /// <summary>Hubs of the one home.</summary>
    public int Hubs { get; }

    /// <summary>
    /// Boot time of the bands, ms. It is other than the usual one only where a band is pressed in its boot.
    /// </summary>
    public int BandBootMs { get; }

    /// <summary>All faults in no order.</summary>
    public IReadOnlyList<PlannedFault> Faults { get; }

    /// <summary>The plan of a seed; every tenth seed has eight bands, the others one or two.</summary>
    public static SwarmPlan Of(int seed, IReadOnlySet<FaultKind> kinds)
    {
        var layout = new Random(seed);
        var bands = seed % 10 == 0 ? 8 : 1 + layout.Next(2);
        var hubs = layout.Next(4) == 0 ? 2 : 1;
        var acts = new List<PlannedFault>();
        foreach (var kind in Enum.GetValues<FaultKind>().Where(static k => IsWearers(k)))
        {
            var random = SourceOf(seed, kind);
            var isIn = random.Next(2) == 0 || kind == FaultKind.Press;
            for (var i = random.Next(MostOfAKind); i >= 0 && isIn && kinds.Contains(kind); i--)
            {
                acts.Add(Draw(random, kind, FirstMs + random.Next(LastMs - FirstMs)));
            }
        }

        var faults = new List<PlannedFault>(acts);
        foreach (var kind in Enum.GetValues<FaultKind>().Where(static k => !IsWearers(k)))
        {
            var random = SourceOf(seed, kind);
            var isIn = random.Next(2) == 0;
            for (var i = random.Next(MostOfAKind); i >= 0 && isIn && kinds.Contains(kind); i--)
            {
                var near = acts[random.Next(acts.Count)];
                var isNear = random.Next(100) < NearAnActPercent;
                var isFirst = kind is FaultKind.StartInLoss or FaultKind.BandFlashSlow;
                var fault = Draw(random, kind, isFirst ? 0 : FirstMs + random.Next(LastMs - FirstMs));
                faults.Add(isNear && !isFirst
                    ? fault with { FromMs = AroundAct(random, near, kind), Subject = near.Subject }
                    : fault);
            }
        }

        return new SwarmPlan(seed, bands, hubs, faults);
    }

    /// <summary>Something that a wearer does.</summary>
    public static bool IsWearers(FaultKind kind) => kind is >= FaultKind.Press and <= FaultKind.PickUpAndPress;

    /// <summary>Something that an officer does to an alarm.</summary>
    public static bool IsStaffs(FaultKind kind) => kind is >= FaultKind.StaffTakes and <= FaultKind.StaffCloses;

    // Random sources with near seeds begin with like numbers, so two kinds might always come together. For the newer
    // kinds the seed is therefore scattered. The older kinds keep their seeds, because seeds.txt names worlds that have
    // failed with them.
    private static Random SourceOf(int seed, FaultKind kind)
    {
        var number = unchecked((uint)((seed * 1_000_003) + ((int)kind * 7919)));
        return new Random(kind < FaultKind.BandFlashLost ? (int)number : (int)unchecked(number * 2_654_435_769 >> 1));
    }

    // Faults other than power cuts last longer and may begin up to 20 s before the act.
    private static int AroundAct(Random random, PlannedFault act, FaultKind kind)
    {
        var isCut = kind is FaultKind.BandPowerCut or FaultKind.BandCutInWrite or FaultKind.HubCutInWrite
            or FaultKind.BandReadFails or FaultKind.BandRot or FaultKind.BandFlashLost;
        var beforeMs = isCut ? 0 : 20_000;
        return Math.Clamp(act.FromMs - random.Next(beforeMs + 1) + random.Next(6000), FirstMs, LastMs);
    }

    private static PlannedFault Draw(Random random, FaultKind kind, int fromMs)
    {
        var lengthMs = kind switch
        {
            FaultKind.Press or FaultKind.FallPressed or FaultKind.PickUpAndPress => 100 + random.Next(900),
            FaultKind.NinePresses or FaultKind.PressInRhythm => 120 + random.Next(300),
            FaultKind.Touch => 10 + random.Next(35),
            FaultKind.Grip => 3000 + random.Next(6000),
            FaultKind.FallCancelled => 3300 + random.Next(300),
            FaultKind.StuckKey => 12_000 + random.Next(28_000),
            FaultKind.BandPowerCut or FaultKind.BandCutInWrite or FaultKind.BandReadFails
                or FaultKind.BandRot or FaultKind.BandFlashLost => 500 + random.Next(20_000),
            FaultKind.HubPowerCut or FaultKind.HubCutInWrite or FaultKind.ServiceKill
                or FaultKind.HubFlashLost or FaultKind.ServiceClock or FaultKind.HubReadFails
                or FaultKind.HubRot => 500 + random.Next(40_000),
            FaultKind.BandFlashSlow => HealMs,
            _ => 2000 + random.Next(60_000),
        };
        var amount = kind switch
        {
            FaultKind.RadioLoss => 20 + random.Next(41),
            FaultKind.StartInLoss => 40 + random.Next(21),
            FaultKind.RadioDuplicates => 5 + random.Next(30),
            FaultKind.SlowHandshake => 5000 + random.Next(9000),
            FaultKind.NinePresses => 150 + random.Next(500),
            FaultKind.PickUpAndPress => random.Next(1000),
            FaultKind.FallCancelled or FaultKind.FallPressed => 4000 + random.Next(16_000),
            FaultKind.StaffTakes or FaultKind.StaffHandsBack or FaultKind.StaffCloses => 500 + random.Next(15_000),
            _ => 0,
        };
        return new PlannedFault(kind, fromMs, lengthMs, random.Next(1 << 16), amount);
    }
}
