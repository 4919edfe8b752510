using ElderBand.HubService.Audit;

namespace ElderBand.HubService.Storage;

/// <summary>What a commit changed that somebody may be looking at.</summary>
public enum ChangeKind
{
    /// <summary>An alarm, by id.</summary>
    Alarm,

    /// <summary>A technical card, by id.</summary>
    Technical,

    /// <summary>A resident's latest vitals, by resident id.</summary>
    Vitals,
}

/// <summary>
/// One change. <see cref="StartsTrace"/>: an alarm was suspected or began to ring, so its trace begins anew with
/// <see cref="ArrivedUs"/>, 0 where time alone did it.
/// </summary>
public readonly record struct Change(
    ChangeKind Kind, string CentreId, long Id, bool StartsTrace = false, long ArrivedUs = 0);

/// <summary>
/// The running transaction, only on the writer's thread and only until the job returns. A job may run again after a
/// rollback, so it changes nothing but the database; everything else goes through <see cref="After"/>.
/// </summary>
public sealed class Tx
{
    private readonly List<Action> _after = [];
    private readonly List<Change> _changes = [];

    internal Tx(Db db) => Db = db;

    /// <summary>The writer's connection.</summary>
    public Db Db { get; }

    /// <summary>UTC ms; the same for the whole job.</summary>
    public long NowMs { get; internal set; }

    /// <summary>Monotonic µs at which what is being stored arrived; 0 where nothing did. Set by the job.</summary>
    public long ArrivedUs { get; set; }

    /// <summary>
    /// UTC ms at which what is being stored arrived: earlier than <see cref="NowMs"/> by the wait for the database.
    /// </summary>
    public long ArrivedMs => ArrivedUs == 0 ? NowMs : NowMs - ((NowUs - ArrivedUs) / 1000);

    internal long NowUs { get; set; }

    internal IReadOnlyList<Action> AfterCommit => _after;

    internal IReadOnlyList<Change> Changes => _changes;

    /// <summary>
    /// Runs once the transaction is on the disk, on the writer's thread: must be quick and must not throw.
    /// </summary>
    public void After(Action action) => _after.Add(action);

    /// <summary>Tells the change feed about an alarm.</summary>
    /// <param name="centreId">Whose.</param>
    /// <param name="alarmId">Which.</param>
    /// <param name="startsTrace">True where it is suspected or begins to ring with this job.</param>
    public void AlarmChanged(string centreId, long alarmId, bool startsTrace = false) =>
        _changes.Add(new Change(ChangeKind.Alarm, centreId, alarmId, startsTrace, ArrivedUs));

    /// <summary>Tells the change feed about a technical card.</summary>
    public void TechnicalChanged(string centreId, long id) =>
        _changes.Add(new Change(ChangeKind.Technical, centreId, id));

    /// <summary>Tells the change feed that a resident's latest vitals changed.</summary>
    public void VitalsChanged(string centreId, long residentId) =>
        _changes.Add(new Change(ChangeKind.Vitals, centreId, residentId));

    /// <summary>Appends an audit row in this transaction.</summary>
    /// <param name="centreId">Whose.</param>
    /// <param name="who">"staff:3 Li", "hub:h1", "service".</param>
    /// <param name="action">A code: "alarm.take".</param>
    /// <param name="subject">"alarm:7".</param>
    /// <param name="detail">Free words.</param>
    public void Audit(string centreId, string who, string action, string subject, string detail = "") =>
        AuditRows.Append(Db, new AuditEntry(centreId, NowMs, who, action, subject, detail));

    internal (int After, int Changes) Mark() => (_after.Count, _changes.Count);

    internal void BackTo((int After, int Changes) mark)
    {
        _after.RemoveRange(mark.After, _after.Count - mark.After);
        _changes.RemoveRange(mark.Changes, _changes.Count - mark.Changes);
    }
}
