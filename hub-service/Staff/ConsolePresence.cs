using ElderBand.HubService.Alarms;

namespace ElderBand.HubService.Staff;

/// <summary>
/// One console's page, behind one event stream. A stream stays open although its page is frozen, so the page's main
/// thread answers each sign of life, after it has applied it. A page that has not answered for
/// <see cref="ConsoleCounter.BackWithinMs"/> counts as no console from its last answer on, and counts again with its
/// next answer. Called by the stream and by the answers' requests.
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

    /// <summary>A page that has just opened its stream.</summary>
    public ConsolePresence(ConsoleCounter consoles, Clock clock, string centreId)
    {
        _consoles = consoles;
        _clock = clock;
        _centreId = centreId;
        Answered();
    }

    /// <summary>Names this page in its answers: 32 hexadecimal digits that nobody can guess.</summary>
    public string Id { get; } =
        Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    /// <summary>The page has answered.</summary>
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
    /// True where the page has just stopped to count. Ask again after <paramref name="againInMs"/>.
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
