namespace ElderBand.Eval;

/// <summary>Acceleration at the wrist, milli-g.</summary>
public readonly record struct Pose(double X, double Y, double Z)
{
    public static Pose operator +(Pose a, Pose b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);

    public static Pose operator *(Pose a, double k) => new(a.X * k, a.Y * k, a.Z * k);

    /// <summary>Turned by an angle about an axis that stands square on it.</summary>
    public Pose Turned(double degrees)
    {
        var square = Math.Abs(X) > Math.Abs(Z) ? new Pose(-Y, X, 0) : new Pose(0, -Z, Y);
        var length = Math.Sqrt((square.X * square.X) + (square.Y * square.Y) + (square.Z * square.Z));
        var own = Math.Sqrt((X * X) + (Y * Y) + (Z * Z));
        return length == 0 ? this : (this * Math.Cos(degrees * Math.PI / 180))
            + (square * (own / length * Math.Sin(degrees * Math.PI / 180)));
    }
}

/// <summary>
/// What a wrist may do after a fall, invented: recorded trials end seconds after the impact, and nobody has recorded
/// what comes then. Enough to show which verdict each course leads to, never a measure of how people behave.
/// </summary>
/// <param name="Name">In words.</param>
/// <param name="At">From the pose in which the trial ended and the seconds since, the acceleration without
/// noise.</param>
public sealed record Continuation(string Name, Func<Pose, double, Pose> At)
{
    /// <summary>All of them, from the stillest to the liveliest.</summary>
    public static readonly Continuation[] All =
    [
        // Breathing moves a wrist on the belly by a few milli-g.
        new("lying still", static (pose, t) => pose + (new Pose(2, 3, 2) * Math.Sin(Math.Tau * 0.25 * t))),

        // Three times over within half a minute, a roll in 1.5 s with the arm striking the floor softly; then still.
        new("rolling", static (pose, t) =>
        {
            var rolls = Math.Clamp((int)(t / 10), 0, 2);
            var share = Math.Clamp((t - (10 * rolls) - 8) / 1.5, 0, 1);
            return pose.Turned(120 * (rolls + share)) + (new Pose(150, -90, 120) * Bump(t - (10 * rolls) - 9.2, 0.12));
        }),

        // Four seconds of effort, six of rest, again and again: the arm props up, trembles, and gives way.
        new("trying to get up", static (pose, t) =>
        {
            var effort = t % 10 < 4 ? Math.Sin(Math.PI * (t % 10) / 4) : 0;
            return pose.Turned(40 * effort) + (new Pose(110, 140, -90) * (effort * Math.Sin(Math.Tau * 3.1 * t)));
        }),

        // Hand before hand after five seconds, 40 s long, to a chair or a telephone; then still.
        new("crawling", static (pose, t) => t is < 5 or > 45 ? pose
            : pose.Turned(30 * Math.Sin(Math.Tau * 0.45 * t))
                + (new Pose(180, -220, 260) * Bump((t % 1.1) - 0.5, 0.06))),

        // Six seconds on the floor, up within four, then away.
        new("getting up and walking", static (pose, t) => t < 6 ? pose
            : pose.Turned(80 * Math.Clamp((t - 6) / 4, 0, 1))
                + (new Pose(160, 60, -120) * (t < 10 ? Math.Sin(Math.Tau * 1.1 * t) : Math.Sin(Math.Tau * 1.7 * t)))),
    ];

    private static double Bump(double t, double width) => Math.Exp(-t * t / (2 * width * width));
}
