namespace ElderBand.Simulation;

/// <summary>Something the user can do something about; the message says what.</summary>
public sealed class SimulationException(string message) : Exception(message);
