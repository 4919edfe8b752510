using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;

namespace ElderBand.Mqtt;

/// <summary>
/// What client and server connection share: packets in and out over one pipe, every wait with its limit, one reason
/// for the end. Sending only queues; one loop writes, so that the packets of many callers share a flush.
/// </summary>
internal sealed class MqttLink
{
    private const int FlushBytes = 32 * 1024;

    private readonly IDuplexPipe _pipe;
    private readonly int _packetTimeoutMs;
    private readonly int _writeTimeoutMs;
    private readonly Channel<byte[]> _outgoing;
    private readonly CancellationTokenSource _lifetime = new();
    private readonly CancellationTokenSource _readLimit;
    private readonly Task _writing;
    private MqttDisconnect? _end;
    private long _partialSinceMs = -1;

    public MqttLink(IDuplexPipe pipe, MqttLimits limits, int maxQueuedPackets, int packetTimeoutMs, int writeTimeoutMs)
    {
        _pipe = pipe;
        Limits = limits;
        _packetTimeoutMs = packetTimeoutMs;
        _writeTimeoutMs = writeTimeoutMs;
        _outgoing = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(maxQueuedPackets) { SingleReader = true });
        _readLimit = CancellationTokenSource.CreateLinkedTokenSource(Lifetime);
        _writing = WriteAsync();
    }

    /// <summary>
    /// Bounds of the packets that <see cref="ReceiveAsync"/> takes; a server starts small and widens after CONNECT.
    /// </summary>
    public MqttLimits Limits { get; set; }

    /// <summary>Cancelled when the connection is over; the reason is recorded before.</summary>
    public CancellationToken Lifetime => _lifetime.Token;

    /// <summary>
    /// Remembers why the connection ends; the first reason stays. The receiving loop then leaves by itself.
    /// </summary>
    public void End(MqttCloseReason reason, string text) =>
        Interlocked.CompareExchange(ref _end, new MqttDisconnect(reason, text), null);

    /// <summary>Ends the connection now: both loops stop, what is queued is dropped.</summary>
    public void Close(MqttCloseReason reason, string text)
    {
        End(reason, text);
        _ = _lifetime.CancelAsync(); // not on the caller's thread: it may hold a lock that the callbacks want
    }

    /// <summary>Queues a packet; false when the queue is full or the connection over.</summary>
    public bool TrySend(byte[] packet) => _outgoing.Writer.TryWrite(packet);

    /// <summary>Queues a packet, waiting for room; false when the connection is over.</summary>
    public async ValueTask<bool> SendAsync(byte[] packet)
    {
        while (!_outgoing.Writer.TryWrite(packet))
        {
            try
            {
                if (!await _outgoing.Writer.WaitToWriteAsync(Lifetime))
                {
                    return false;
                }
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>
    /// The next packet, or null when the connection is over and the reason recorded. Silence may last
    /// <paramref name="silenceMs"/>; a packet that has begun must be whole within the packet timeout, however slowly
    /// its bytes drip in (P28). Neither clock runs while the caller is busy with the packet before.
    /// </summary>
    public async ValueTask<MqttPacket?> ReceiveAsync(int silenceMs, MqttCloseReason onSilence)
    {
        long silentSinceMs = Environment.TickCount64;
        bool packetIsDueFirst = false;
        try
        {
            while (!Lifetime.IsCancellationRequested)
            {
                ValueTask<ReadResult> reading = _pipe.Input.ReadAsync(_readLimit.Token);
                ReadResult read;
                if (reading.IsCompleted)
                {
                    read = await reading;
                }
                else
                {
                    int silenceLeftMs = LeftMs(silentSinceMs, silenceMs);
                    int packetLeftMs =
                        _partialSinceMs < 0 ? Timeout.Infinite : LeftMs(_partialSinceMs, _packetTimeoutMs);
                    // Infinite is -1, the largest number without a sign.
                    packetIsDueFirst = (uint)packetLeftMs < (uint)silenceLeftMs;
                    _readLimit.CancelAfter(packetIsDueFirst ? packetLeftMs : silenceLeftMs);
                    read = await reading;
                    _readLimit.CancelAfter(Timeout.Infinite);
                }

                ReadOnlySequence<byte> buffer = read.Buffer;
                MqttRead outcome = MqttCodec.Read(ref buffer, Limits, out MqttPacket? packet, out MqttError error);
                if (outcome == MqttRead.Packet)
                {
                    _pipe.Input.AdvanceTo(buffer.Start);
                    _partialSinceMs = -1;
                    return packet;
                }
                bool begun = !buffer.IsEmpty;
                _pipe.Input.AdvanceTo(buffer.Start, buffer.End);
                if (outcome == MqttRead.Invalid)
                {
                    ProtocolError = error;
                    End(MqttCloseReason.ProtocolError, error.InWords());
                    return null;
                }
                if (read.IsCompleted)
                {
                    End(
                        MqttCloseReason.ConnectionLost,
                        begun
                            ? "the connection ended in the middle of a packet"
                            : "the connection ended without DISCONNECT"
                    );
                    return null;
                }
                if (begun && _partialSinceMs < 0)
                {
                    _partialSinceMs = Environment.TickCount64;
                }
            }
        }
        catch (OperationCanceledException)
            when (_readLimit.IsCancellationRequested && !Lifetime.IsCancellationRequested)
        {
            if (packetIsDueFirst)
            {
                Close(MqttCloseReason.PacketTimeout, $"half a packet, and the rest not within {_packetTimeoutMs} ms");
            }
            else
            {
                Close(onSilence, $"no packet for {silenceMs} ms");
            }
        }
        catch (Exception e) when (IsTransportFault(e))
        {
            End(MqttCloseReason.ConnectionLost, e.Message);
        }
        return null;
    }

    /// <summary>What was wrong with the bytes, when the reason is a protocol error of the codec.</summary>
    public MqttError ProtocolError { get; private set; }

    /// <summary>
    /// Sends what is queued unless the connection was closed, gives the other end <paramref name="lingerMs"/> to close
    /// first, then lets go of the pipe. The loops are gone afterwards, <paramref name="receiving"/> included.
    /// </summary>
    public async Task<MqttDisconnect> FinishAsync(Task receiving, int lingerMs)
    {
        _outgoing.Writer.TryComplete();
        await _writing;
        if (!receiving.IsCompleted && !Lifetime.IsCancellationRequested)
        {
            try
            {
                await receiving.WaitAsync(TimeSpan.FromMilliseconds(lingerMs));
            }
            catch (TimeoutException)
            {
                // It had its time.
            }
        }
        // Completing a pipe without a fault flushes it, which would wait for a peer that takes nothing.
        Exception? cut = Lifetime.IsCancellationRequested ? new OperationCanceledException(_end?.Text) : null;
        Close(MqttCloseReason.ByUs, "closed by this end");
        await receiving;
        await LetGoAsync(_pipe.Output.CompleteAsync(cut));
        await LetGoAsync(_pipe.Input.CompleteAsync());
        _readLimit.Dispose();
        return _end!;
    }

    private static async ValueTask LetGoAsync(ValueTask completing)
    {
        try
        {
            await completing;
        }
        catch (Exception e) when (IsTransportFault(e))
        {
            // The transport is already gone.
        }
    }

    private static int LeftMs(long sinceMs, int limitMs) =>
        limitMs == Timeout.Infinite ? limitMs : (int)Math.Max(sinceMs + limitMs - Environment.TickCount64, 0);

    private async Task WriteAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Lifetime);
        try
        {
            while (await _outgoing.Reader.WaitToReadAsync(Lifetime))
            {
                int unflushedBytes = 0;
                while (unflushedBytes < FlushBytes && _outgoing.Reader.TryRead(out byte[]? packet))
                {
                    _pipe.Output.Write(packet);
                    unflushedBytes += packet.Length;
                }
                ValueTask<FlushResult> flushing = _pipe.Output.FlushAsync(limit.Token);
                if (!flushing.IsCompleted)
                {
                    limit.CancelAfter(_writeTimeoutMs);
                }
                FlushResult flushed = await flushing;
                limit.CancelAfter(Timeout.Infinite);
                if (flushed.IsCompleted)
                {
                    Close(MqttCloseReason.ConnectionLost, "the other end stopped reading");
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !Lifetime.IsCancellationRequested)
        {
            Close(MqttCloseReason.WriteTimeout, $"the other end took no bytes for {_writeTimeoutMs} ms");
        }
        catch (Exception e) when (IsTransportFault(e))
        {
            Close(MqttCloseReason.ConnectionLost, e.Message);
        }
    }

    /// <summary>
    /// Kestrel's abort is an OperationCanceledException; so is our own Close, which recorded its reason before.
    /// </summary>
    private static bool IsTransportFault(Exception e) =>
        e
            is OperationCanceledException
                or IOException
                or ObjectDisposedException
                or InvalidOperationException
                or System.Net.Sockets.SocketException;
}

/// <summary>
/// The packets that wait for an answer, by packet id. An id stays taken until its answer comes or the connection ends,
/// also when the caller gave up: a late PUBACK must never answer another packet (P26).
/// </summary>
internal sealed class MqttPending(int capacity)
{
    private readonly Dictionary<ushort, (MqttPacketType Answer, TaskCompletionSource<MqttPacket?> Waiting)> _byId = [];
    private ushort _lastId;
    private bool _over;

    /// <summary>
    /// Takes the next free id; false when all places are taken or the connection is over. The task gives null when it
    /// ends first.
    /// </summary>
    public bool TryAdd(MqttPacketType answer, out ushort id, out Task<MqttPacket?> answered)
    {
        lock (_byId)
        {
            id = 0;
            answered = Task.FromResult<MqttPacket?>(null);
            if (_over || _byId.Count >= capacity)
            {
                return false;
            }
            do
            {
                _lastId = _lastId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastId + 1);
            } while (_byId.ContainsKey(_lastId));
            var waiting = new TaskCompletionSource<MqttPacket?>(TaskCreationOptions.RunContinuationsAsynchronously);
            _byId.Add(_lastId, (answer, waiting));
            id = _lastId;
            answered = waiting.Task;
            return true;
        }
    }

    /// <summary>Hands an answer to its caller; false when nobody waits for it, which is no fault (P26).</summary>
    public bool Answer(ushort id, MqttPacket answer)
    {
        lock (_byId)
        {
            if (!_byId.TryGetValue(id, out var entry) || entry.Answer != answer.Type)
            {
                return false;
            }
            _byId.Remove(id);
            entry.Waiting.SetResult(answer);
            return true;
        }
    }

    /// <summary>Frees an id whose packet was never sent.</summary>
    public void Remove(ushort id)
    {
        lock (_byId)
        {
            _byId.Remove(id);
        }
    }

    /// <summary>The connection is over: everyone who waits gets null, and nobody can begin to.</summary>
    public void End()
    {
        lock (_byId)
        {
            _over = true;
            foreach (var entry in _byId.Values)
            {
                entry.Waiting.SetResult(null);
            }
            _byId.Clear();
        }
    }
}
