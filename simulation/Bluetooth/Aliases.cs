// An alias wins over a namespace import: the Board's "using System.Threading" then means the virtual kinds.
global using AutoResetEvent = ElderBand.Simulation.Bluetooth.VirtualAutoResetEvent;
global using Thread = ElderBand.Simulation.Bluetooth.VirtualThread;
