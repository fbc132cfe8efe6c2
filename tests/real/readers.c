/* Reads a calendar with libical, and says what it has understood, each fact after a NUL. */
#include <libical/ical.h>
#include <stdio.h>

static void instant(icalcomponent *whole, icalcomponent *event, icalproperty_kind kind) {
    icalproperty *property = icalcomponent_get_first_property(event, kind);
    struct icaltimetype at = icalproperty_get_datetime_with_component(property, whole);
    at = icaltime_convert_to_zone(at, icaltimezone_get_utc_timezone());
    printf("%s%c", icaltime_as_ical_string(at), 0);
}

int main(void) {
    static char text[1 << 22];
    text[fread(text, 1, sizeof text - 1, stdin)] = 0;
    icalcomponent *whole = icalparser_parse_string(text);
    if (!whole) return 1;
    /* RFC 5546: what each method demands and forbids. Errors become properties of the component. */
    int allowed = icalrestriction_check(whole);
    printf("%d%c%d%c", allowed, 0, icalcomponent_count_errors(whole), 0);
    icalcomponent *event = icalcomponent_get_first_component(whole, ICAL_VEVENT_COMPONENT);
    for (; event; event = icalcomponent_get_next_component(whole, ICAL_VEVENT_COMPONENT)) {
        const char *place = icalcomponent_get_location(event);
        printf("%s%c%d%c", icalcomponent_get_uid(event), 0, icalcomponent_get_sequence(event), 0);
        instant(whole, event, ICAL_DTSTART_PROPERTY);
        instant(whole, event, ICAL_DTEND_PROPERTY);
        printf("%s%c%s%c%s%c", icalcomponent_get_summary(event), 0, place ? place : "", 0,
               icalcomponent_get_description(event), 0);
        printf("%s%c", icalenum_status_to_string(icalcomponent_get_status(event)), 0);
    }
    return 0;
}
