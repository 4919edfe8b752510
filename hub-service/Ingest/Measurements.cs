using System.Collections.Concurrent;
using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// Reads envelopes of ordinary measurements on the thread of their connection, without a write to the alarm file
/// (docs/adr/0111). Any other envelope is left to <see cref="FrameIntake"/>. What the store says of a band is read
/// again after a second.
/// </summary>
public sealed class Measurements(Store store, HeardDevices heard, Clock clock)
{
    private const long KnownForMs = 1000;
    private const long SuspectForMs = 60_000;
    private const int SuspectsKept = 4096;

    private readonly ConcurrentDictionary<long, KnownBand> _bands = new();

    // Only the writer counts guesses, so a band with a wrong tag goes that way for a minute (P76).
    private readonly ConcurrentDictionary<(string HubId, long Address), long> _suspects = new();
    private readonly ThreadLocal<Tagger> _tagger = new(static () => new Tagger(new HmacSha256()));

    /// <summary>
    /// The measurements of a valid envelope. Null where it holds anything else than plausible measurements with right
    /// tags, from bands of the hub's centre, in their present boot, of their present wearers.
    /// </summary>
    public List<VitalsRow>? Of(HubSession hub, byte[] data)
    {
        long nowMs = clock.NowMs;
        var found = new List<(KnownBand Known, VitalsRow Row, int RssiDbm)>(Envelope.Count(data));
        for (int i = 0; i < Envelope.Count(data); i++)
        {
            int record = Envelope.RecordAt(data, i);
            if (Find(hub, data, record, nowMs) is not { } known
                || RowOf(hub, data, record, known, nowMs) is not { } row)
            {
                return null;
            }
            found.Add((known, row, Envelope.RssiDbm(data, record)));
        }
        heard.Note(hub, nowMs);
        foreach ((KnownBand known, VitalsRow row, int rssiDbm) in found)
        {
            heard.Note(known.Band, hub.HubId, rssiDbm, row.Boot, row.Sequence, row.Wear, nowMs);
        }
        return found.ConvertAll(static f => f.Row);
    }

    private KnownBand? Find(HubSession hub, byte[] data, int record, long nowMs)
    {
        long address = Envelope.BandAddress(data, record);
        if (_suspects.TryGetValue((hub.HubId, address), out long sinceMs) && nowMs - sinceMs is >= 0 and < SuspectForMs)
        {
            return null;
        }
        if (!_bands.TryGetValue(address, out KnownBand? known) || nowMs - known.ReadAtMs is < 0 or >= KnownForMs)
        {
            if (store.Read(db => Read(db, address, nowMs)) is not { } read)
            {
                _bands.TryRemove(address, out _);
                return null;
            }
            _bands[address] = known = read;
        }
        return known.Band.CentreId == hub.CentreId ? known : null;
    }

    private VitalsRow? RowOf(HubSession hub, byte[] data, int record, KnownBand known, long nowMs)
    {
        byte[] frame = data.AsSpan(Envelope.FrameAt(record), Frame.Size).ToArray();
        if (Frame.VersionOf(frame, 0) != Frame.Version || Frame.TypeOf(frame, 0) != FrameType.Vitals
            || Frame.LaneOf(frame, 0) != Lane.Vitals || FrameContent.IsImpossible(frame, FrameType.Vitals)
            || !Envelope.IsLinkChecked(data, record) || Frame.BootOf(frame, 0) < known.Boot)
        {
            return null;
        }
        if (!IsRight(known, frame))
        {
            Suspect(hub, known.Band.Address, nowMs);
            return null;
        }
        FrameEvent e = FrameContent.EventOf(
            nowMs, hub, data, record, frame, FrameType.Vitals, known.Band.Sender, "band");
        return e.AtMs >= known.WornFromMs
            ? BandVitalsLane.RowOf(hub, frame, e, known.Band, known.ResidentId)
            : null;
    }

    private void Suspect(HubSession hub, long address, long nowMs)
    {
        if (_suspects.Count >= SuspectsKept)
        {
            _suspects.Clear();
        }
        _suspects[(hub.HubId, address)] = nowMs;
    }

    private bool IsRight(KnownBand known, byte[] frame) =>
        _tagger.Value!.CentreTagIsRight(known.CentreUp, frame, 0)
        || (known.OldCentreUp is { } old && _tagger.Value.CentreTagIsRight(old, frame, 0));

    private static KnownBand? Read(Db db, long address, long nowMs) =>
        DeviceRows.BandByAddress(db, address) is { HasSecret: true } band
            && DeviceRows.WearerOf(db, band.Id) is var (wearer, fromMs)
            ? new KnownBand(
                band, CentreUp(band.Secret), band.OldSecret is { } old ? CentreUp(old) : null, wearer, fromMs,
                DeviceRows.NewestVitalsBoot(db, band.Id), nowMs)
            : null;

    private static byte[] CentreUp(byte[] secret)
    {
        var keys = new BandKeys();
        keys.Derive(new HmacSha256(), secret, 0, 0);
        return keys.CentreUp;
    }

    /// <summary>What the store says of a band.</summary>
    /// <param name="Band">The row.</param>
    /// <param name="CentreUp">Key of its tags.</param>
    /// <param name="OldCentreUp">Key of its tags under the secret before; null for none.</param>
    /// <param name="ResidentId">Who wears it now.</param>
    /// <param name="WornFromMs">Since when.</param>
    /// <param name="Boot">Boot of its newest frame of the vitals lane.</param>
    /// <param name="ReadAtMs">When this was read.</param>
    private sealed record KnownBand(
        BandRow Band, byte[] CentreUp, byte[]? OldCentreUp, long ResidentId, long WornFromMs, long Boot, long ReadAtMs);
}
