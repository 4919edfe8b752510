using ElderBand.Simulator.Soak;

namespace ElderBand.Simulator.Ingest;

/// <summary>The centre's service, with the presses that come meanwhile.</summary>
public sealed class HubServiceServer(string program) : IngestServer
{
    private readonly SoakCentre _centre = new(program, wantsSmall: false, Core);

    /// <inheritdoc/>
    public override string Name => "hub-service";

    /// <summary>The presses during the load; null before the start.</summary>
    public IngestCalls? Calls { get; private set; }

    /// <inheritdoc/>
    protected override int ProcessId => _centre.Process.Id;

    /// <inheritdoc/>
    public override async Task<IReadOnlyList<IngestHome>> StartAsync(int hubs, CancellationToken cancellation)
    {
        var homes = await _centre.StartAsync(hubs + IngestCalls.Homes, cancellation);
        Calls = new IngestCalls(_centre.Staff, [.. homes.Skip(hubs)], cancellation);
        return [.. homes.Take(hubs).Select(static home => new IngestHome(home))];
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Calls?.Dispose();
        _centre.Dispose();
        base.Dispose(disposing);
    }
}
