namespace ElderBand.Simulator.Centre;

/// <summary>What the enrolment of a home with one hub and one band has given.</summary>
/// <param name="Account">How the hub signs in.</param>
/// <param name="Address">Address of the band.</param>
/// <param name="Secret">Secret of the band, 32 bytes.</param>
/// <param name="Group">Link group of the home.</param>
/// <param name="Epoch">Epoch of the home's link keys.</param>
public sealed record EnrolledHome(MqttAccount Account, long Address, byte[] Secret, uint Group, int Epoch);
