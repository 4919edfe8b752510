namespace ElderBand.Simulator.Swarm;

/// <summary>What a plan puts into a world: faults of devices, radio, line and service, and what people do.</summary>
public enum FaultKind
{
    /// <summary>Radio packets and advertisements are lost for a while, 20 to 60 %.</summary>
    RadioLoss,

    /// <summary>Frames that arrive twice for a while.</summary>
    RadioDuplicates,

    /// <summary>A band is out of range for a while.</summary>
    OutOfRange,

    /// <summary>A band loses its power for a while.</summary>
    BandPowerCut,

    /// <summary>A band loses its power inside a flash operation.</summary>
    BandCutInWrite,

    /// <summary>A hub loses its power for a while.</summary>
    HubPowerCut,

    /// <summary>A hub loses its power inside a flash operation.</summary>
    HubCutInWrite,

    /// <summary>A hub's line swallows everything and nobody is told.</summary>
    LineCut,

    /// <summary>TLS handshakes take 5 to 14 s longer for a while, and the connection is lost at the begin.</summary>
    SlowHandshake,

    /// <summary>The service ends at once and is started again after a while.</summary>
    ServiceKill,

    /// <summary>A press of 0.1 to 1 s.</summary>
    Press,

    /// <summary>Nine presses, one after the other.</summary>
    NinePresses,

    /// <summary>A touch of the key that is too short to be a press.</summary>
    Touch,

    /// <summary>The key is held for 3 to 9 s.</summary>
    Grip,

    /// <summary>The key is held down for 12 to 40 s.</summary>
    StuckKey,

    /// <summary>A fall.</summary>
    Fall,

    /// <summary>A fall, and "I am fine" in its countdown.</summary>
    FallCancelled,

    /// <summary>A fall, and a press in its countdown.</summary>
    FallPressed,

    /// <summary>A band that sleeps on a table is picked up and pressed while it boots.</summary>
    PickUpAndPress,

    /// <summary>An officer takes an alarm and says that help is on the way.</summary>
    StaffTakes,

    /// <summary>An officer takes an alarm and gives it back.</summary>
    StaffHandsBack,

    /// <summary>An officer takes an alarm and closes it.</summary>
    StaffCloses,

    /// <summary>Everything is powered on while 40 to 60 % of the packets are lost.</summary>
    StartInLoss,

    /// <summary>A hub loses its power and all that its flash held.</summary>
    HubFlashLost,

    /// <summary>A band's flash refuses every write for a while, as a full or a broken one does.</summary>
    BandFlashRefuses,

    /// <summary>A hub's flash refuses every write for a while.</summary>
    HubFlashRefuses,

    /// <summary>A band is on its charger for a while.</summary>
    Charging,

    /// <summary>The service is started again with a clock that is days to years wrong.</summary>
    ServiceClock,

    /// <summary>A band loses its power, and reads of its flash fail after its start.</summary>
    BandReadFails,

    /// <summary>A hub loses its power, and reads of its flash fail after its start.</summary>
    HubReadFails,

    /// <summary>A band loses its power, and one bit of its flash changes before the power is back.</summary>
    BandRot,

    /// <summary>A hub loses its power, and one bit of its flash changes before the power is back.</summary>
    HubRot,

    /// <summary>A stranger records advertisements of a band and sends them again under the band's address.</summary>
    Replay,

    /// <summary>The hubs hear a band, and the band does not hear them.</summary>
    OneWay,

    /// <summary>A band loses its power and the whole content of its flash, also the boot count.</summary>
    BandFlashLost,

    /// <summary>
    /// Each operation of the bands' flash takes 100 to 200 ms, from the start of the world until all faults are healed.
    /// </summary>
    BandFlashSlow,

    /// <summary>A stranger links to a band again and again, holds each link and sends nothing.</summary>
    HeldLinks,

    /// <summary>A stranger records stages of the centre, links to a band and sends these stages again.</summary>
    ReplayedStages,

    /// <summary>
    /// The wearer presses again and again at the moments of the tick that says that nobody has heard the call.
    /// </summary>
    PressInRhythm,

    /// <summary>The centre gives a band to another resident.</summary>
    HandOver,

    /// <summary>The service's database is replaced by a backup that is seconds to a minute old.</summary>
    ServiceRestore,
}
