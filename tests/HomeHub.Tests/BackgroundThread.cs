global using Thread = ElderBand.Tests.HomeHub.BackgroundThread;

namespace ElderBand.Tests.HomeHub;

/// <summary>The device's threads never end; on the host they must not keep the test process alive.</summary>
public sealed class BackgroundThread(ThreadStart work)
{
    public void Start() => new System.Threading.Thread(work) { IsBackground = true }.Start();
}
