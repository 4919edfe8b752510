using ElderBand.BandProtocol;
using ElderBand.Simulation;
using Iot.Device.Max30102;

namespace ElderBand.Simulator.Stories.Days;

/// <summary>Reads a world of many days from outside: what chips lost, the flash took and the battery gave.</summary>
public sealed class DaysMeter
{
    private const int SampleMs = 10_000;
    private const int HourMs = 3_600_000;

    private readonly DaysWorld _days;
    private readonly Dictionary<string, long> _bandWrites = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _hubWrites = new(StringComparer.Ordinal);
    private readonly List<NativeBytes> _nativeBytes = [];
    private readonly long _startMs;
    private readonly long _conversions;
    private long _protectedMs;
    private long _motorSinceMs;
    private long _motorMs;

    /// <summary>Watches a world from now on.</summary>
    public DaysMeter(DaysWorld days)
    {
        _days = days;
        _startMs = days.World.NowMs;
        _conversions = days.Band.Ppg.Conversions;
        days.Band.Flash.Written += write => Add(_bandWrites, write.File);
        days.Hub.Flash.Written += write => Add(_hubWrites, write.File);
        days.Band.Vibration.Changed += OnMotor;
        Sample();
    }

    /// <summary>Called at the end of each day.</summary>
    public void EndDay() => _nativeBytes.Add(new NativeBytes(BytesOf(_days.Band.Radio), BytesOf(_days.Hub.Radio)));

    /// <summary>What was seen.</summary>
    public DaysOutcome Read(DaysOptions options)
    {
        var (lost, doubled) = _days.Presses.Compare(_days.Centre.PressEvents);
        var summaries = _days.Centre.Vitals.Values.First().FindAll(static v => v.Wear == Wear.On);
        var days = (_days.World.NowMs - _startMs) / (double)DaysPlan.DayMs;
        return new DaysOutcome
        {
            Options = options,
            Days = days,
            Presses = _days.Presses.Count,
            Lost = lost,
            Doubled = doubled,
            Falls = _days.Falls,
            FallAlarms = _days.Centre.Alarms.Count(static a => a.Kind == "fall"),
            NativeBytes = _nativeBytes,
            Band = Work(_days.Band, _days.Band.Radio),
            Hub = Work(_days.Hub, _days.Hub.Radio),
            AccelerometerLost = _days.Band.SamplesLost.Accelerometer,
            PpgLost = _days.Band.SamplesLost.Ppg,
            Summaries = summaries.Count,
            SummariesWithRate = summaries.Count(static v => v.Bpm > 0),
            BandWritesADay = PerDay(_bandWrites, days),
            HubWritesADay = PerDay(_hubWrites, days),
            HoursProtectedADay = _protectedMs / (double)HourMs / days,
            Energy = BandEnergy.Of(
                _days.Band,
                _motorMs,
                (_days.Band.Ppg.Conversions - _conversions) * 1000 / Max30102.ConversionsHz,
                days),
            Counts = _days.World.Counts,
        };
    }

    private void Sample()
    {
        _days.Answer();
        var band = _days.Band;
        var isWatched = band.IsRunning && band.Accelerometer.IsMeasuring && _days.IsInRange && _days.Hub.IsOnline;
        _protectedMs += isWatched && (band.Wearer.IsWorn || band.IsExternal) ? SampleMs : 0;
        _days.World.At(_days.World.NowMs + SampleMs, Sample);
    }

    private void OnMotor(bool on, long atUs)
    {
        var nowMs = _days.World.NowMs;
        _motorMs += on ? 0 : nowMs - _motorSinceMs;
        _motorSinceMs = nowMs;
    }

    private static long BytesOf(Antenna antenna) => antenna.Host?.NativeBytes ?? 0;

    private static BoardWork Work(Device device, Antenna radio) => new(
        device.Processor.MostInstructions, device.Processor.Longest, device.Processor.MostMethods.Take(8).ToList(),
        device.Processor.Steps, device.Processor.Instructions, device.Boots, radio.StackStarts);

    private static Dictionary<string, double> PerDay(Dictionary<string, long> writes, double days) =>
        writes.OrderByDescending(static w => w.Value)
            .ToDictionary(static w => w.Key, w => w.Value / days, StringComparer.Ordinal);

    private static void Add(Dictionary<string, long> writes, string file) =>
        writes[file] = writes.GetValueOrDefault(file) + 1;
}
