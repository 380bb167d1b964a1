//! Where a keyframe begins in H.264 payloads (RFC 6184 §5), and the height in a sequence parameter set
//! (ITU-T H.264 §7.3.2.1.1).

use super::packet::Contents;

const IDR: u8 = 5;
const SPS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
const FU_START: u8 = 0x80;

/// Reads a payload; `None` for one that is cut short.
pub(crate) fn parse(payload: &[u8]) -> Option<Contents> {
    let mut contents = Contents::default();
    match payload.first()? & 0x1f {
        // RFC 6184 §5.7.1: NAL units one after the other, each behind its size.
        STAP_A => {
            let mut rest = &payload[1..];
            while let [high, low, tail @ ..] = rest {
                let (unit, next) = tail.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
                contents.note(*unit.first()? & 0x1f, unit);
                rest = next;
            }
        }
        // RFC 6184 §5.8: the type of the fragmented unit is in the second octet.
        FU_A => {
            let header = *payload.get(1)?;
            if header & FU_START != 0 {
                contents.note(header & 0x1f, &[]);
            }
        }
        kind => contents.note(kind, payload),
    }
    Some(contents)
}

impl Contents {
    fn note(&mut self, kind: u8, unit: &[u8]) {
        self.keyframe |= matches!(kind, IDR | SPS);
        if kind == SPS {
            self.parameters = true;
            self.height = height(unit);
        }
    }
}

/// The height of the pictures a sequence parameter set describes, cropping taken off.
fn height(sps: &[u8]) -> Option<u16> {
    let profile = *sps.get(1)?;
    let mut bits = Bits::new(sps.get(4..)?);
    bits.unsigned()?; // seq_parameter_set_id
    let mut chroma = 1; // 4:2:0
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        chroma = bits.unsigned()?;
        if chroma == 3 {
            bits.take(1)?; // separate_colour_plane_flag
        }
        bits.unsigned()?; // bit_depth_luma_minus8
        bits.unsigned()?; // bit_depth_chroma_minus8
        bits.take(1)?; // qpprime_y_zero_transform_bypass_flag
        if bits.take(1)? == 1 {
            return None; // scaling matrices: no sender of real-time video has them
        }
    }
    bits.unsigned()?; // log2_max_frame_num_minus4
    match bits.unsigned()? {
        0 => {
            bits.unsigned()?; // log2_max_pic_order_cnt_lsb_minus4
        }
        1 => {
            bits.take(1)?;
            bits.unsigned()?;
            bits.unsigned()?;
            let cycle = bits.unsigned()?;
            if cycle > 255 {
                return None;
            }
            for _ in 0..cycle {
                bits.unsigned()?;
            }
        }
        _ => {}
    }
    bits.unsigned()?; // max_num_ref_frames
    bits.take(1)?; // gaps_in_frame_num_value_allowed_flag
    bits.unsigned()?; // pic_width_in_mbs_minus1
    let map_units = bits.unsigned()?.checked_add(1)?;
    let frame_only = bits.take(1)?;
    if frame_only == 0 {
        bits.take(1)?; // mb_adaptive_frame_field_flag
    }
    bits.take(1)?; // direct_8x8_inference_flag
    let mut cropped = 0;
    if bits.take(1)? == 1 {
        bits.unsigned()?; // left
        bits.unsigned()?; // right
        let unit = if chroma == 1 { 2 } else { 1 } * (2 - frame_only);
        cropped = bits.unsigned()?.checked_add(bits.unsigned()?)?.checked_mul(unit)?;
    }
    let height = map_units.checked_mul(16 * (2 - frame_only))?.checked_sub(cropped)?;
    u16::try_from(height).ok()
}

/// Bits of a NAL unit, emulation prevention bytes (§7.4.1.1) left out.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    zeros: usize,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, zeros: 0 }
    }

    fn take(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value, _| Some(value << 1 | self.bit()?))
    }

    /// Exp-Golomb (§9.1).
    fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1u32 << zeros) - 1 + self.take(zeros)?)
    }

    fn bit(&mut self) -> Option<u32> {
        if self.at.is_multiple_of(8) {
            let byte = *self.bytes.get(self.at / 8)?;
            if self.zeros >= 2 && byte == 3 {
                self.at += 8;
                self.zeros = 0;
                return self.bit();
            }
            self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
        }
        let bit = self.bytes.get(self.at / 8)? >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(u32::from(bit))
    }
}

#[cfg(test)]
mod tests;
