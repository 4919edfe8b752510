namespace ElderBand.Simulator;

/// <summary>
/// Messages of a hub that wait for their PUBACK, and their ids. The device keeps them in RAM, so their number is small
/// (M2Mqtt, InflightQueueSize).
/// </summary>
public sealed class InFlight
{
    private const int Most = 16;

    private int _lastId;
    private int _count;

    /// <summary>The id of one more message, 1 to 65,535; 0 where no more may be in flight.</summary>
    public int Take()
    {
        if (_count >= Most)
        {
            return 0;
        }

        _count++;
        return _lastId = _lastId == ushort.MaxValue ? 1 : _lastId + 1;
    }

    /// <summary>One message has its PUBACK, or has failed.</summary>
    public void Done() => _count--;

    /// <summary>The connection is over: nothing waits any more, and the ids go on.</summary>
    public void Clear() => _count = 0;
}
