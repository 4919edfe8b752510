using System.Net;
using System.Net.Sockets;
using ElderBand.Simulation;

namespace ElderBand.Simulator;

/// <summary>
/// A home's line to the internet: bytes go through it unread. Cut, nothing passes and nobody is told, as when a router
/// loses its upstream: both ends only notice by the silence.
/// </summary>
public sealed class Line : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly List<Socket> _open = [];
    private readonly int _farPort;
    private volatile bool _isCut;

    /// <summary>Opens a line to a port of this machine.</summary>
    public Line(int farPort)
    {
        _farPort = farPort;
        _listener.Start();
        NearPort = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    /// <summary>Where the home's hub connects.</summary>
    public int NearPort { get; }

    /// <summary>Nothing passes.</summary>
    public bool IsCut => _isCut;

    /// <summary>Cuts or mends the line. Mended, the connections from before are gone.</summary>
    public void SetCut(bool cut)
    {
        _isCut = cut;
        if (!cut)
        {
            CloseAll();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        _listener.Stop();
        CloseAll();
        _end.Dispose();
    }

    private void CloseAll()
    {
        lock (_gate)
        {
            foreach (var socket in _open)
            {
                socket.Dispose();
            }

            _open.Clear();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptSocketAsync(_end.Token);
                _ = CarryAsync(near);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The line is taken down.
        }
    }

    private async Task CarryAsync(Socket near)
    {
        var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        lock (_gate)
        {
            _open.Add(near);
            _open.Add(far);
        }

        try
        {
            // On a cut line a connect is not refused, it just never ends.
            if (!_isCut)
            {
                await far.ConnectAsync(IPAddress.Loopback, _farPort, _end.Token);
            }

            await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Refused: the near end learns it by the close below.
        }

        lock (_gate)
        {
            _open.Remove(near);
            _open.Remove(far);
        }

        near.Dispose();
        far.Dispose();
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                if (_isCut)
                {
                    await Task.Delay(50, _end.Token);
                    continue;
                }

                var read = await from.ReceiveAsync(buffer, SocketFlags.None, _end.Token);
                if (_isCut)
                {
                    await Task.Delay(Timeout.Infinite, _end.Token);
                }

                if (read == 0)
                {
                    return;
                }

                await to.SendAsync(buffer.AsMemory(0, read), SocketFlags.None, _end.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The other end is gone; so is this way.
        }
    }
}
