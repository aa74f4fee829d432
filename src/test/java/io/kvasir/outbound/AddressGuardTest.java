package io.kvasir.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressGuardTest {
    private static final AddressGuard GUARD = new AddressGuard(List.of());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.255.255.254",
                "0.0.0.0",
                "0.1.2.3",
                "10.0.0.1",
                "100.64.0.1",
                "100.127.255.255",
                "169.254.169.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.8",
                "192.0.2.1",
                "192.88.99.1",
                "192.168.0.1",
                "192.31.196.1",
                "192.52.193.1",
                "192.175.48.1",
                "198.18.0.1",
                "198.51.100.7",
                "203.0.113.7",
                "224.0.0.1",
                "239.255.255.255",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "::1",
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "::127.0.0.1",
                "fe80::1",
                "fec0::1",
                "fc00::1",
                "fd00:ec2::254",
                "ff02::1",
                "64:ff9b::7f00:1",
                "64:ff9b::10.0.0.1",
                "64:ff9b:1::1",
                "2002:7f00:1::",
                "2002:a00:1::1",
                "2001::1",
                "2001:db8::1",
                "2001:2::1",
                "3fff::1",
                "100::1",
                "5f00::1",
                "[::1]",
                "2130706433",
                "127.1",
                "0x7f.0.0.1"
            })
    void refusesWhatIsNotPublic(String host) {
        assertThatThrownBy(() -> GUARD.checked(host))
                .isInstanceOfAny(AddressGuard.Refused.class, UnknownHostException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "8.8.8.8",
                "100.63.255.255",
                "100.128.0.1",
                "172.15.0.1",
                "172.32.0.1",
                "192.167.1.1",
                "198.17.0.1",
                "198.20.0.1",
                "223.255.255.255",
                "2606:4700:4700::1111",
                "2a00:1450::1",
                "64:ff9b::8.8.8.8",
                "2002:808:808::1",
                "::ffff:8.8.8.8"
            })
    void letsThePublicInternetThrough(String host) throws Exception {
        assertThat(GUARD.checked(host)).isNotNull();
    }

    @Test
    void oneGoodAddressDoesNotCoverForABadOne() throws Exception {
        List<InetAddress> both = List.of(InetAddress.getByName("8.8.8.8"), InetAddress.getByName("10.0.0.1"));

        assertThatThrownBy(() -> new AddressGuard(List.of(), _ -> both).checked("two.example"))
                .isInstanceOf(AddressGuard.Refused.class);
    }

    @Test
    void anAllowedNetworkIsReachedAndItsNeighbourIsNot() throws Exception {
        AddressGuard guard = new AddressGuard(List.of(Network.of("10.1.0.0/16")));

        assertThat(guard.checked("10.1.2.3")).isEqualTo(InetAddress.getByName("10.1.2.3"));
        assertThatThrownBy(() -> guard.checked("10.2.0.1")).isInstanceOf(AddressGuard.Refused.class);
    }

    @Test
    void aHostWithoutAddressesIsUnknown() {
        assertThatThrownBy(() -> new AddressGuard(List.of(), _ -> List.of()).checked("none.example"))
                .isInstanceOf(UnknownHostException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0", "10.0.0.0/33", "example.com/8", "fc00::/129", "", "10.0.0.0/-1"})
    void aNetworkIsWrittenAsOne(String text) {
        assertThatThrownBy(() -> Network.of(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
