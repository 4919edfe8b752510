using ElderBand.HubService.Alarms;

namespace ElderBand.HubService.Staff;

/// <summary>
/// Presence of the page behind one event stream. A stream stays open although its page is frozen. The page's main
/// thread therefore answers each sign of life after it has applied it. A page that does not answer for
/// <see cref="ConsoleCounter.BackWithinMs"/> stops counting as a console, from its last answer on. The page counts
/// again with its next answer. The stream and the requests that carry the answers call this object.
/// </summary>
public sealed class ConsolePresence : IDisposable
{
    private readonly ConsoleCounter _consoles;
    private readonly Clock _clock;
    private readonly string _centreId;
    private readonly Lock _gate = new();
    private OpenConsole? _open;
    private long _answeredUs;
    private long _answeredAtMs;
    private bool _isOver;

    /// <summary>Counts a page that has just opened its stream.</summary>
    public ConsolePresence(ConsoleCounter consoles, Clock clock, Caller caller)
    {
        _consoles = consoles;
        _clock = clock;
        _centreId = caller.Staff.CentreId;
        Caller = caller;
        Answered();
    }

    /// <summary>Id of this page in its answers. It has 32 random hexadecimal digits, so nobody can guess it.</summary>
    public string Id { get; } =
        Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    /// <summary>Who reads the page, as of its last sign of life.</summary>
    public Caller Caller { get; set; }

    /// <summary>True while the page counts as a console.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return _open is not null;
            }
        }
    }

    /// <summary>Notes an answer of the page.</summary>
    public void Answered()
    {
        lock (_gate)
        {
            _answeredUs = _clock.NowUs;
            _answeredAtMs = _clock.NowMs;
            if (!_isOver)
            {
                _open ??= _consoles.Enter(_centreId);
            }
        }
    }

    /// <summary>
    /// True where the page has just stopped counting as a console. The caller asks again after
    /// <paramref name="againInMs"/>.
    /// </summary>
    public bool HasGone(out int againInMs)
    {
        lock (_gate)
        {
            long leftMs = ConsoleCounter.BackWithinMs - ((_clock.NowUs - _answeredUs) / 1000);
            againInMs = _open is null
                ? ConsoleCounter.BackWithinMs : (int)Math.Clamp(leftMs, 1, ConsoleCounter.BackWithinMs);
            if (leftMs > 0 || _open is null)
            {
                return false;
            }
            _open.LeftAt(_answeredAtMs);
            _open = null;
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            _open?.Dispose();
            _open = null;
        }
    }
}
