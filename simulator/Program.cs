using ElderBand.Simulation;
using System.Runtime.InteropServices;
using ElderBand.Simulator.Centre;
using ElderBand.Simulator.Ingest;
using ElderBand.Simulator.Neighbourhood;
using ElderBand.Simulator.Soak;
using ElderBand.Simulator.Stories;
using ElderBand.Simulator.Stories.Days;
using ElderBand.Simulator.Swarm;

using var ending = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
try
{
    if (args is ["sim", ..] && args.Contains("--days", StringComparer.Ordinal))
    {
        return DaysStory.Run(DaysOptions.Parse(args[1..]));
    }

    if (args is ["sim", ..])
    {
        return SwarmRun.Run(SwarmOptions.Parse(args[1..]));
    }

    var options = Options.Parse(args);
    return (options.Words.FirstOrDefault(), options.Words.ElementAtOrDefault(1)) switch
    {
        ("run", _) when options.IsOnce => await ScriptedRun.RunAsync(options, ending.Token),
        ("run", _) => await Story.RunAsync(options, ending.Token),
        ("pictures", { } folder) => await Pictures.RunAsync(options, folder, ending.Token),
        ("bench", "press") => await PressBench.RunAsync(options, ending.Token),
        ("bench", "kill") => await KillBench.RunAsync(options, ending.Token),
        ("bench", "falls") => await FallBench.RunAsync(options, ending.Token),
        ("soak", _) => await SoakRun.RunAsync(options.Service, options.Minutes, ending.Token),
        ("bench", "ingest") => await IngestBench.RunAsync(options.Service, options.Rounds, ending.Token),
        ("bench", "refusal") => await RefusalBench.RunAsync(options.Service, ending.Token),
        ("bench", "mqtt") => await MqttBench.RunAsync(ending.Token),
        _ => throw new SimulationException("The simulator is started by ./dev; ./dev help says how."),
    };
}
catch (SimulationException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (OperationCanceledException) when (ending.IsCancellationRequested)
{
    return 130;
}

void End(PosixSignalContext context)
{
    context.Cancel = true;
    ending.Cancel();
}
