use super::super::reader::read;
use super::*;

fn line(mid: &str, ids: [Option<u8>; 3]) -> Line {
    let [mid_extension, transport_extension, level_extension] = ids;
    Line {
        ssrc: 0x1234_5678,
        rtx_ssrc: None,
        formats: Vec::new(),
        mid: mid.to_owned(),
        mid_extension,
        transport_extension,
        level_extension,
    }
}

fn header(level: Option<u8>) -> Header {
    Header {
        padding: false,
        marker: true,
        payload_type: 111,
        sequence: 0xfffe,
        timestamp: 0xdead_beef,
        ssrc: 0x1234_5678,
        transport: 0x8001,
        level,
    }
}

fn write(line: &Line, level: Option<u8>) -> Vec<u8> {
    let mut out = vec![7; 5];
    let extensions = Extensions::new(line);
    extensions.write(&header(level), &mut out);
    assert_eq!(out[..5], [7; 5], "what was there stays");
    let packet = out.split_off(5);
    assert_eq!(packet.len(), extensions.header_size());
    packet
}

#[test]
fn a_receiver_reads_what_was_written() {
    let packet = read(&write(&line("audio-1", [Some(4), Some(3), Some(14)]), Some(0x7f)));
    assert_eq!((packet.marker, packet.payload_type, packet.sequence), (true, 111, 0xfffe));
    assert_eq!((packet.timestamp, packet.ssrc), (0xdead_beef, 0x1234_5678));
    assert_eq!(packet.extensions, [(4, b"audio-1".to_vec()), (3, vec![0x80, 0x01]), (14, vec![0x7f])]);
}

#[test]
fn the_size_does_not_depend_on_what_the_publisher_tells() {
    let line = line("0", [Some(4), Some(3), Some(1)]);
    let (told, untold) = (write(&line, Some(30)), write(&line, None));
    assert_eq!(told.len(), untold.len());
    assert_eq!(read(&untold).extensions.len(), 2, "no level is not silence");
}

#[test]
fn what_was_not_negotiated_or_does_not_fit_is_left_out() {
    assert_eq!(write(&line("0", [None; 3]), Some(30)).len(), 12);
    assert_eq!(write(&line("0", [Some(0), Some(15), Some(200)]), Some(30)).len(), 12);
    assert_eq!(write(&line("seventeen letters", [Some(1), None, None]), None).len(), 12);
    let longest = read(&write(&line("sixteen letters!", [Some(1), Some(2), Some(3)]), Some(30)));
    assert_eq!(longest.extensions.len(), 3);
}
