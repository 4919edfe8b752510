namespace ElderBand.HubService.Storage;

/// <summary>Something is wrong at the start that a person has to put right; the message says what to do.</summary>
public sealed class StartException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>
/// The database file is damaged where one write needs it, and takes other writes: trying again cannot help.
/// </summary>
public sealed class DamageException(Exception cause)
    : Exception($"The database is damaged where this write needs it: {cause.Message}", cause);
