using System.Net;
using System.Net.Sockets;

namespace ElderBand.HubService;

/// <summary>The address by which limits tell clients apart.</summary>
public static class ClientAddress
{
    private const int NetworkBytes = 8;

    /// <summary>
    /// An IPv4 address as it is; of an IPv6 address the first 64 bits, because one client owns all addresses of such a
    /// network (RFC 4291, 2.5.1). <see cref="IPAddress.None"/> where there is no address.
    /// </summary>
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null)
        {
            return IPAddress.None;
        }
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }
        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBytes).Clear();
        return new IPAddress(bytes);
    }
}
